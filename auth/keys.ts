/**
 * The service's keys, all derived from `TALKY_SECRET`: one per use, so that a token made for one use is
 * worth nothing in another, and Prosody, which is given only the session keys, cannot sign for operators
 * (ADR 0003). `TALKY_SECRET` may name several secrets while one replaces another (ADR 0016).
 *
 * @module
 */

/** An HMAC key as bytes for HS256 (RFC 7518 §3.2). Its text is lower-case hex. */
export type Key = Uint8Array<ArrayBuffer>;

/** The keys of one use, one of each secret: the first signs, all verify. */
export type KeyRing = readonly [Key, ...Key[]];

/** Key rings by use. */
export interface Keys {
  /** For session and ingest credentials; Prosody verifies with the same. */
  readonly session: KeyRing;
  /** For operators' signed tokens. */
  readonly operator: KeyRing;
  /** For what is kept in the database and must not be read there: `auth/sealed.ts`. */
  readonly sealing: KeyRing;
}

/** Derives the keys from a secret of at least 32 bytes, or from several. */
export async function deriveKeys(secrets: string | readonly string[]): Promise<Keys> {
  const list = typeof secrets === "string" ? [secrets] : secrets;
  const ring = async (label: string): Promise<KeyRing> => {
    const [first, ...rest] = await Promise.all(list.map((secret) => derive(secret, label)));
    if (!first) throw new TypeError("keys are derived from one secret at least");
    return [first, ...rest];
  };
  const [session, operator, sealing] = await Promise.all([
    ring("talky session key v1"),
    ring("talky operator key v1"),
    ring("talky sealing key v1"),
  ]);
  return { session, operator, sealing };
}

/** The session keys as Prosody's configuration takes them. */
export function sessionKeyTexts(keys: Keys): string[] {
  return keys.session.map((key) => new TextDecoder().decode(key));
}

// ---

async function derive(secret: string, label: string): Promise<Key> {
  const text = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", text.encode(secret), algorithm, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, text.encode(label)));
  return text.encode(mac.toHex());
}
