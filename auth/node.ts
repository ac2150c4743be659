/**
 * The application's user ids as nodes of JIDs (ADR 0011).
 *
 * @module
 */
import { escapeNode } from "../events/node_escape.ts";
import { byteLength } from "../events/nodeprep.ts";

/**
 * The node of a user, by the application's id (`sub`): any text. Different ids are different nodes, unlike
 * names of rooms: nothing is folded. One that would be too long for a credential is known by its SHA-256.
 */
export async function userNode(subject: string): Promise<string> {
  const node = escapeNode(subject);
  // Quoted, as the credential has it.
  if (byteLength(JSON.stringify(node)) <= longestQuoted) return node;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(node)));
  // What no id is escaped to.
  return `{sha256}${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

// ---

/** A credential is the password of SASL PLAIN, which has at most 1,023 bytes in Prosody. */
const longestQuoted = 480;
