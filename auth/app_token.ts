/**
 * The application's tokens: a JWT (HS256) that the application around Talky signs with `TALKY_APP_KEY` to
 * say who its user is. Its claims travel to the other people in the room as `customerData`. A token has an end
 * (`exp`), and is for us: one that names others (`aud`) is theirs (RFC 7519 §4.1.3).
 *
 * @module
 */
import { decodeProtectedHeader, errors } from "jose";
import { z } from "zod";
import type { Key } from "./keys.ts";
import { verifyToken } from "./signed.ts";

/** How the application's tokens are judged. */
export interface AppTokenRules {
  /** Keys that the application may have signed with. */
  readonly keys: readonly Key[];
  /** Who we are to the application: one of these must be among a token's `aud`. */
  readonly audiences: readonly string[];
  /** Whether a token without `aud` is refused. */
  readonly audienceRequired: boolean;
}

/** What an application says of its user. */
export interface AppIdentity {
  /** `sub`: the application's own id of the user. */
  readonly subject: string | undefined;
  /** All claims but the registered ones (RFC 7519 §4.1), which speak of the token, not of the user. */
  readonly customerData: Readonly<Record<string, unknown>>;
  readonly displayName: string | undefined;
  readonly orgId: string | undefined;
}

/** Most bytes of customerData as JSON: it goes out with every presence in a room. */
export const largestCustomerData = 16 * 1024;

/** The token is not one of the application's, or says too much; the message tells which. */
export class BadAppToken extends Error {
  override name = "BadAppToken";
}

/** The longest that a token may still be good for: 31 days, in seconds. One for ever is a password. */
const longestLife = 31 * 86_400;

/** Reads a token. Throws {@link BadAppToken}. */
export async function verifyAppToken(rules: AppTokenRules, token: string): Promise<AppIdentity> {
  const claims = Claims.safeParse(await verify(rules, token));
  if (!claims.success) throw new BadAppToken(`the token's claims: ${z.prettifyError(claims.error)}`);
  checkEnd(claims.data.exp);
  checkAudience(rules, claims.data.aud);
  const { iss: _iss, aud: _aud, exp: _exp, nbf: _nbf, iat: _iat, jti: _jti, sub, ...customerData } =
    claims.data;
  const size = new TextEncoder().encode(JSON.stringify(customerData)).length;
  if (size > largestCustomerData) {
    throw new BadAppToken(
      `the token's claims are ${size} bytes of JSON; at most ${largestCustomerData} are passed on`,
    );
  }
  return { subject: sub, ...describedBy(customerData) };
}

/** What customerData says of a user, in the places where clients look for it. */
export function describedBy(customerData: Readonly<Record<string, unknown>>): Omit<AppIdentity, "subject"> {
  return {
    customerData,
    displayName: textOf(customerData["displayName"]),
    orgId: textOf(customerData["orgId"]),
  };
}

// ---

const Claims = z.looseObject({
  sub: z.string().min(1).max(255).optional(),
  iss: z.unknown().optional(),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  exp: z.number(),
  nbf: z.unknown().optional(),
  iat: z.unknown().optional(),
  jti: z.unknown().optional(),
});

/** How far the application's clock and ours may differ, in seconds. */
const clockTolerance = 30;

async function verify({ keys }: AppTokenRules, token: string): Promise<unknown> {
  try {
    return await verifyToken(keys, token, { clockTolerance });
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new BadAppToken(diagnose(error, token));
    throw error;
  }
}

/** What is wrong with a token, and what would be right. */
function diagnose(error: errors.JOSEError, token: string): string {
  if (error instanceof errors.JWTExpired) {
    return `the token has expired: \`exp\` is ${ago(error.payload.exp)}`;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload } = error;
    if (reason === "missing") return `the token has no \`${claim}\`: it takes a number of seconds since 1970`;
    return claim === "nbf" && reason === "check_failed"
      ? `the token is not valid yet: \`nbf\` is ${ago(payload.nbf)}; are the clocks right?`
      : `the token's \`${claim}\` is wrong: it takes a number of seconds since 1970`;
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return "the token is signed with another key than the application's (TALKY_APP_KEY)";
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return `the token is signed by ${algorithmOf(token)}; it takes HS256`;
  }
  if (error instanceof errors.JOSENotSupported) {
    return "the token's header asks for what is not supported (`crit`)";
  }
  if (error instanceof errors.JWTInvalid) return "the token's payload is not a JSON object of claims";
  return "the token is not a signed JWT: three parts of base64url, with points between them (RFC 7519)";
}

function ago(seconds: number | undefined): string {
  const age = Math.round(Date.now() / 1000 - (seconds ?? 0));
  return age >= 0 ? `${age} s ago` : `${-age} s ahead`;
}

function algorithmOf(token: string): string {
  try {
    return JSON.stringify(decodeProtectedHeader(token).alg).slice(0, 40);
  } catch {
    return "something else";
  }
}

function checkEnd(exp: number): void {
  if (exp > Date.now() / 1000 + longestLife) {
    throw new BadAppToken("the token's exp is further off than 31 days: sign one for each login");
  }
}

function checkAudience(
  { audiences, audienceRequired }: AppTokenRules,
  aud: string | string[] | undefined,
): void {
  if (aud === undefined ? !audienceRequired : [aud].flat().some((name) => audiences.includes(name))) return;
  const wanted = audiences.map((name) => JSON.stringify(name)).join(" or ");
  throw new BadAppToken(
    aud === undefined
      ? `the token has no aud: it takes ${wanted}`
      : `the token's aud names others: it takes ${wanted}`,
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
