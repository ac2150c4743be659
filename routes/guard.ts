/**
 * Who may call a route. A contract names one of these; its check, its security scheme and its 401 and 403 in
 * the OpenAPI document all come from here.
 *
 * @module
 */
import type { RouteConfig } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import type { Session } from "../auth/credential.ts";
import { allows, type Operator, type Scope } from "../auth/operator.ts";
import { type ProblemCode, ProblemError } from "./problem.ts";

/** How tokens are verified. Each returns null for what is not a valid, current token of its kind. */
export interface Authenticator {
  operator(token: string): Promise<Operator | null>;
  session(credential: string): Promise<Session | null>;
}

/** Who may call a route, as code and as document. */
export interface Access<Guard extends MiddlewareHandler = MiddlewareHandler> {
  readonly guard: Guard;
  /** OpenAPI's security requirement; absent: anyone. */
  readonly security?: NonNullable<RouteConfig["security"]>;
  /** Query parameters that carry a token. */
  readonly parameters: NonNullable<RouteConfig["parameters"]>;
  readonly problems: readonly ProblemCode[];
}

/** What the guards find in the context; `createApp` puts the authenticator there. */
export interface Authenticated<Caller> {
  Variables: { authenticator: Authenticator } & Caller;
}

/** Puts the authenticator where the guards look for it. */
export function authenticateWith(
  authenticator: Authenticator,
): MiddlewareHandler<Authenticated<Record<never, never>>> {
  return async (c, next) => {
    c.set("authenticator", authenticator);
    await next();
  };
}

/** Anyone, without a token. */
export const anyone: Access = {
  guard: (_c, next) => next(),
  parameters: [],
  problems: [],
};

/** Operators whose token contains a scope; `c.get("operator")` is who it is. */
export function operator(
  scope: Scope,
): Access<MiddlewareHandler<Authenticated<{ operator: Operator }>>> {
  return {
    async guard(c, next) {
      const caller = await readOperator(c);
      if (!caller) throw unauthorized("send an operator token: Authorization: Bearer …");
      if (!allows(caller.scope, scope)) {
        throw new ProblemError("forbidden", `needs scope ${scope}; the token has ${caller.scope}`);
      }
      c.set("operator", caller);
      await next();
    },
    security: [{ operator: [scope] }],
    parameters: [{
      name: "access_token",
      in: "query",
      schema: { type: "string" },
      description: "Instead of the header",
    }],
    problems: ["unauthorized", "forbidden"],
  };
}

/** Talky clients, by their session's credential; `c.get("session")` is whose it is. */
export const session: Access<MiddlewareHandler<Authenticated<{ session: Session }>>> = {
  async guard(c, next) {
    const caller = await c.get("authenticator").session(bearerToken(c) ?? "");
    if (!caller) throw unauthorized("send the session's credential: Authorization: Bearer …");
    c.set("session", caller);
    await next();
  },
  security: [{ session: [] }],
  parameters: [],
  problems: ["unauthorized"],
};

/** The operator that a request comes from, by header, query or cookie; null where there is none. */
export async function readOperator(c: Context): Promise<Operator | null> {
  const authenticator: Authenticator = c.get("authenticator");
  // Browsers cannot set headers on a WebSocket.
  const token = bearerToken(c) ?? c.req.query("access_token") ?? getCookie(c, "talky_token");
  return token ? await authenticator.operator(token) : null;
}

/** Names of the query parameters that carry a token. */
export function parameterNames({ parameters }: Access): string[] {
  return parameters.flatMap((parameter) => "name" in parameter ? [parameter.name] : []);
}

// ---

/** The token of an Authorization header (RFC 6750 §2.1). */
function bearerToken(c: Context): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(c.req.header("authorization") ?? "")?.[1];
}

function unauthorized(detail: string): ProblemError {
  return new ProblemError("unauthorized", detail, {
    headers: { "www-authenticate": 'Bearer realm="talky"' },
  });
}
