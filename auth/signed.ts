/**
 * Signed tokens (JWT, RFC 7519) with HS256 alone: how all of them are made and read.
 *
 * @module
 */
import { errors, type JWTPayload, jwtVerify, type JWTVerifyOptions, SignJWT } from "jose";
import type { Key, KeyRing } from "./keys.ts";

/** Signs claims with a ring's first key. `lifetime` in seconds. */
export function signToken(
  [key]: KeyRing,
  claims: JWTPayload,
  lifetime: number,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(now).setExpirationTime(now + lifetime).sign(key);
}

/**
 * The claims of a token that one of the keys has signed and that is current: it has an `exp` that is to come, and
 * no `nbf` that is. Throws jose's error (`errors.JOSEError`) for any other.
 */
export async function verifyToken(
  keys: readonly Key[],
  token: string,
  options: JWTVerifyOptions = {},
): Promise<JWTPayload> {
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, key, {
        ...options,
        algorithms: ["HS256"],
        requiredClaims: ["exp"],
      });
      return payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** The same, with null for what is not such a token. */
export async function readToken(keys: readonly Key[], token: string): Promise<JWTPayload | null> {
  try {
    return await verifyToken(keys, token);
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}
