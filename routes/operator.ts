/**
 * Who may ask: operator tokens by header, by `access_token` in the query (browsers cannot set headers on a
 * WebSocket), or by the console's cookie.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { allows, type Operator, type Scope, verifyOperatorToken } from "../auth/operator.ts";
import type { Keys } from "../auth/keys.ts";
import { ProblemError } from "./problem.ts";

/** Name of the security scheme in the OpenAPI document. */
export const operatorSecurity = [{ operator: [] }];

/** Lets only operators with a scope pass. */
export function requireScope(keys: Keys, scope: Scope): MiddlewareHandler {
  return async (c, next) => {
    const operator = await readOperator(c, keys);
    if (!operator) {
      throw new ProblemError("unauthorized", "send an operator token: Authorization: Bearer …", {
        headers: { "www-authenticate": 'Bearer realm="talky"' },
      });
    }
    if (!allows(operator.scope, scope)) {
      throw new ProblemError("forbidden", `needs scope ${scope}; the token has ${operator.scope}`);
    }
    await next();
  };
}

/** The operator that a request comes from, or null. */
export async function readOperator(c: Context, keys: Keys): Promise<Operator | null> {
  const token = bearerToken(c) ?? c.req.query("access_token") ?? getCookie(c, "talky_token");
  return token ? await verifyOperatorToken(keys, token) : null;
}

/** The token of an Authorization header (RFC 6750 §2.1). */
export function bearerToken(c: Context): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(c.req.header("authorization") ?? "")?.[1];
}
