/**
 * Where a request may have its token.
 *
 * @module
 */
import type { Context } from "hono";

/** The token of an Authorization header (RFC 6750 §2.1). */
export function bearerToken(c: Context): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(c.req.header("authorization") ?? "")?.[1];
}

/** Name of the cookie that lets our own pages read the stream. */
export const cookieName = "talky_token";
