/**
 * The application's tokens: a JWT (HS256) that the application around Talky signs with `TALKY_APP_KEY` to
 * say who its user is. Its claims travel to the other people in the room as `customerData`.
 *
 * @module
 */
import { errors, jwtVerify } from "jose";
import { z } from "zod";

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
export class BadAppToken extends Error {}

/** Reads a token. Throws {@link BadAppToken}. */
export async function verifyAppToken(appKey: string, token: string): Promise<AppIdentity> {
  const claims = Claims.safeParse(await verify(appKey, token));
  if (!claims.success) throw new BadAppToken(`the token's claims: ${z.prettifyError(claims.error)}`);
  const { iss: _iss, aud: _aud, exp: _exp, nbf: _nbf, iat: _iat, jti: _jti, sub, ...customerData } =
    claims.data;
  const size = new TextEncoder().encode(JSON.stringify(customerData)).length;
  if (size > largestCustomerData) {
    throw new BadAppToken(
      `the token's claims are ${size} bytes of JSON; at most ${largestCustomerData} are passed on`,
    );
  }
  return {
    subject: sub,
    customerData,
    displayName: textOf(customerData["displayName"]),
    orgId: textOf(customerData["orgId"]),
  };
}

// ---

const Claims = z.looseObject({
  sub: z.string().min(1).max(255).optional(),
  iss: z.unknown().optional(),
  aud: z.unknown().optional(),
  exp: z.unknown().optional(),
  nbf: z.unknown().optional(),
  iat: z.unknown().optional(),
  jti: z.unknown().optional(),
});

async function verify(appKey: string, token: string): Promise<unknown> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(appKey), { algorithms: ["HS256"] });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new BadAppToken("the token has expired");
    if (error instanceof errors.JOSEError) {
      throw new BadAppToken("the token is not signed with the application's key (HS256)");
    }
    throw error;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
