/**
 * The service's keys, all derived from `TALKY_SECRET`: one per use, so that a token made for one use is
 * worth nothing in another, and Prosody, which is given only the session key, cannot sign for operators
 * (ADR 0003).
 *
 * @module
 */

/** HMAC keys by use, as bytes for HS256 (RFC 7518 §3.2). */
export interface Keys {
  /** Signs session and ingest credentials; Prosody verifies with the same. Its text is lower-case hex. */
  readonly session: Uint8Array<ArrayBuffer>;
  /** Signs operator tokens. */
  readonly operator: Uint8Array<ArrayBuffer>;
}

/** Derives the keys from a secret of at least 32 bytes. */
export async function deriveKeys(secret: string): Promise<Keys> {
  const [session, operator] = await Promise.all([
    derive(secret, "talky session key v1"),
    derive(secret, "talky operator key v1"),
  ]);
  return { session: new TextEncoder().encode(session), operator: new TextEncoder().encode(operator) };
}

/** The session key as Prosody's configuration takes it. */
export function sessionKeyText(keys: Keys): string {
  return new TextDecoder().decode(keys.session);
}

// ---

async function derive(secret: string, label: string): Promise<string> {
  const text = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    text.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    [
      "sign",
    ],
  );
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, text.encode(label)));
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
