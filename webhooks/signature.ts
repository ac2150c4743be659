/**
 * Signatures by Standard Webhooks (https://www.standardwebhooks.com, symmetric scheme): receivers check them
 * with any of its libraries.
 *
 * @module
 */

/** Makes a secret: `whsec_` and base64 of 24 random bytes or more. */
export function makeSecret(): string {
  return `whsec_${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`;
}

/** What is signed. */
export interface Signed {
  /** The same at every attempt, so that a receiver knows a repetition. */
  readonly id: string;
  /** Seconds since 1970 of this attempt: a receiver refuses what is minutes old. */
  readonly timestamp: number;
  readonly body: string;
}

/** The three headers. While a secret replaces another, both sign. */
export async function signatureHeaders(
  secrets: readonly string[],
  { id, timestamp, body }: Signed,
): Promise<Record<string, string>> {
  const text = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signatures = await Promise.all(secrets.map(async (secret) => {
    const bytes = Uint8Array.fromBase64(secret.replace(/^whsec_/, ""));
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
    ]);
    return `v1,${new Uint8Array(await crypto.subtle.sign("HMAC", key, text)).toBase64()}`;
  }));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}
