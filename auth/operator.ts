/**
 * Operator tokens: JWTs for people and programs that read (or manage) the service, made by
 * `deno task token`. Scopes contain each other: admin ⊃ manage ⊃ read.
 *
 * @module
 */
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Keys } from "./keys.ts";

/** Operator scopes, each containing the ones before it. */
export const scopes = ["read", "manage", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** A verified operator token. */
export interface Operator {
  readonly scope: Scope;
  /** When the token ends, in milliseconds since 1970. */
  readonly expires: number;
}

const Claims = z.object({ scope: z.enum(scopes), exp: z.number() });

/** Signs an operator token. `lifetime` in seconds. */
export function signOperatorToken(keys: Keys, scope: Scope, lifetime: number): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ scope }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setIssuedAt(now)
    .setExpirationTime(now + lifetime).sign(keys.operator);
}

/** The operator a token stands for, or null when it is not a valid, current operator token. */
export async function verifyOperatorToken(keys: Keys, token: string): Promise<Operator | null> {
  try {
    const { payload } = await jwtVerify(token, keys.operator, {
      algorithms: ["HS256"],
      requiredClaims: ["exp"],
    });
    const claims = Claims.safeParse(payload);
    return claims.success ? { scope: claims.data.scope, expires: claims.data.exp * 1000 } : null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

/** Whether a token's scope contains the one that is needed. */
export function allows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed);
}
