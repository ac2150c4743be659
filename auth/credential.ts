/**
 * Session credentials: one JWT that is a client's XMPP password (SASL PLAIN) and its bearer token for
 * REST. The claims are listed in `prosody/README.md`; Prosody verifies the same token.
 *
 * @module
 */
import { errors } from "jose";
import { z } from "zod";
import { Id } from "../events/event.ts";
import type { Keys } from "./keys.ts";
import { signToken, verifyToken } from "./signed.ts";

/** What a client's credential says. */
export interface Session {
  /** Session id: XMPP resource and MUC nick. */
  readonly sessionid: string;
  /** Bare JID of the user. */
  readonly userid: string;
}

/** What a credential is made for. */
export interface NewSession extends Session {
  /** Whether Prosody is to ask for the session's customerData, which may be larger than a credential. */
  readonly customerData?: boolean;
}

const SessionClaims = z.object({
  sub: z.string().min(1),
  aud: z.string().min(1),
  scope: z.literal("session"),
  sid: Id,
});

/** Signs a client's credential. `lifetime` in seconds. Stays under 1,000 bytes (util.sasl's limit is 1,023). */
export function signCredential(keys: Keys, session: NewSession, lifetime: number): Promise<string> {
  const { node, host } = splitBareJid(session.userid);
  const claims = { scope: "session", sid: session.sessionid, ...(session.customerData && { cd: true }) };
  return sign(keys, claims, node, host, lifetime);
}

/** Signs the API's own credential for reading Prosody's outbox. `lifetime` in seconds. */
export function signIngestCredential(keys: Keys, userid: string, lifetime: number): Promise<string> {
  const { node, host } = splitBareJid(userid);
  return sign(keys, { scope: "ingest" }, node, host, lifetime);
}

/** The session a credential stands for, or null when it is not a valid, current session credential. */
export async function verifyCredential(keys: Keys, credential: string): Promise<Session | null> {
  const read = await readCredential(keys, credential);
  return read && !read.expired ? read.session : null;
}

/** The session a credential stands or stood for; null when we have signed no such session credential. */
export async function readCredential(
  keys: Keys,
  credential: string,
): Promise<{ session: Session; expired: boolean } | null> {
  const { payload, expired } = await verify(keys, credential);
  const claims = SessionClaims.safeParse(payload);
  if (!claims.success) return null;
  return {
    session: { sessionid: claims.data.sid, userid: `${claims.data.sub}@${claims.data.aud}` },
    expired,
  };
}

// ---

async function verify(keys: Keys, credential: string): Promise<{ payload: unknown; expired: boolean }> {
  try {
    return { payload: await verifyToken(keys.session, credential), expired: false };
  } catch (error) {
    // Looked at after the signature, which is good.
    if (error instanceof errors.JWTExpired) return { payload: error.payload, expired: true };
    if (error instanceof errors.JOSEError) return { payload: null, expired: false };
    throw error;
  }
}

function sign(
  keys: Keys,
  claims: Record<string, string | boolean>,
  sub: string,
  aud: string,
  lifetime: number,
): Promise<string> {
  return signToken(keys.session, { ...claims, sub, aud }, lifetime);
}

function splitBareJid(jid: string): { node: string; host: string } {
  const at = jid.indexOf("@");
  if (at < 1) throw new TypeError(`not a bare JID: ${jid}`);
  return { node: jid.slice(0, at), host: jid.slice(at + 1) };
}
