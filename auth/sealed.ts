/**
 * Sealing: secrets that must be used again, and so cannot be hashed, are kept encrypted with a key of
 * `TALKY_SECRET` (AES-256-GCM, NIST SP 800-38D). Who has a copy of the database alone has none of them.
 *
 * @module
 */
import type { Key, KeyRing } from "./keys.ts";

/** Seals a text for one use: `context` (an id) has to be the same when it is opened. */
export async function seal(keys: KeyRing, text: string, context: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await importKey(keys[0]);
  const sealed = await crypto.subtle.encrypt(algorithm(iv, context), key, new TextEncoder().encode(text));
  return `v1.${iv.toBase64()}.${new Uint8Array(sealed).toBase64()}`;
}

/** Opens what was sealed with any of the keys; null where none of them fits. */
export async function unseal(keys: KeyRing, sealed: string, context: string): Promise<string | null> {
  const [version, iv, bytes] = sealed.split(".");
  if (version !== "v1" || iv === undefined || bytes === undefined) return null;
  for (const candidate of keys) {
    try {
      const key = await importKey(candidate);
      const opened = await crypto.subtle.decrypt(
        algorithm(Uint8Array.fromBase64(iv), context),
        key,
        Uint8Array.fromBase64(bytes),
      );
      return new TextDecoder().decode(opened);
    } catch {
      // Sealed with another one.
    }
  }
  return null;
}

// ---

function algorithm(iv: Uint8Array<ArrayBuffer>, context: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(context) };
}

/** A key's text is the hex of 32 bytes. */
function importKey(key: Key): Promise<CryptoKey> {
  const bytes = Uint8Array.fromHex(new TextDecoder().decode(key));
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}
