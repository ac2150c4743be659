/**
 * Names of rooms, as people write them, and the nodes of the rooms' JIDs (ADR 0011).
 *
 * @module
 */
import { escapeNode, unescapeNode } from "./node_escape.ts";
import { byteLength, foldNode, isNode, longestNode } from "./nodeprep.ts";

/** Not a room's name; the message says which character or which limit is in the way. */
export class BadRoomName extends Error {
  override name = "BadRoomName";
}

/**
 * The node of the room that a name means. However it is written (capitals, width, accents, what is invisible,
 * spaces around it), it is one room: the name's normal form, escaped where nodes cannot hold it. The node of a
 * room is a name of that room too. Throws {@link BadRoomName}.
 */
export function roomNode(name: string): string {
  const bad = unwritable.exec(name)?.[0];
  if (bad !== undefined) {
    const code = bad.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    throw new BadRoomName(`a room's name has no U+${code}: a control character, or none at all`);
  }
  const normal = foldNode(name.replace(invisible, "")).replace(/ +/g, " ").trim();
  if (normal === "") throw new BadRoomName("a room's name has at least one visible character");
  const node = isNode(normal) ? normal : escapeNode(normal);
  const bytes = byteLength(node);
  if (bytes > longestNode) {
    throw new BadRoomName(`a room's name has at most ${longestNode} bytes in its address; this one ${bytes}`);
  }
  return node;
}

/** The name that a room's node stands for, in its normal form. */
export function roomNameOf(node: string): string {
  if (!/[\\{]/.test(node)) return node;
  const name = unescapeNode(node);
  try {
    return roomNode(name) === node ? name : node;
  } catch (error) {
    // What looks like an escape, and somebody wrote so.
    if (error instanceof BadRoomName) return node;
    throw error;
  }
}

/** The node in a room's JID. */
export function nodeOf(jid: string): string {
  return jid.slice(0, jid.indexOf("@"));
}

// ---

/** Controls, ends of lines and paragraphs, halves of surrogate pairs, and what is no character. */
const unwritable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/** What nobody sees, newer than nodeprep or refused by it: marks of direction and variation, and the like. */
const invisible = /[\u061c\u180e\u200e\u200f\u202a-\u202e\u2061-\u206f\u{e0100}-\u{e01ef}]/gu;
