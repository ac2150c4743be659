/**
 * Who may call a route. A contract names one of these; its check, its security scheme and its 401 and 403 in
 * the OpenAPI document all come from here.
 *
 * @module
 */
import type { RouteConfig } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import type { Session } from "../auth/credential.ts";
import { allows, type Operator, type Scope } from "../auth/operator.ts";
import type { EventType } from "../events/event.ts";
import { isLimited, showsTypes, type View } from "../events/view.ts";
import { type Authenticator, readOperator } from "./caller.ts";
import { bearerToken } from "./token.ts";
import { type ProblemCode, ProblemError } from "./problem.ts";

/** Who may call a route, as code and as document. */
export interface Access<Guard extends MiddlewareHandler = MiddlewareHandler> {
  readonly guard: Guard;
  /** OpenAPI's security requirement; absent: anyone. */
  readonly security?: NonNullable<RouteConfig["security"]>;
  /** Query parameters that carry a token. */
  readonly parameters: NonNullable<RouteConfig["parameters"]>;
  readonly problems: readonly ProblemCode[];
  /** What the document says besides. */
  readonly note?: string;
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

/**
 * Operators whose token contains a scope; `c.get("operator")` is who it is.
 *
 * Keys may be limited to rooms and types (ADR 0016). `madeOf` says that the route shows each caller its own view, and
 * of which event types what it shows is made: a key that lacks one is refused. Without it the route shows the whole
 * service, and every limited key is refused.
 */
export function operator(
  scope: Scope,
  madeOf?: readonly EventType[],
): Access<MiddlewareHandler<Authenticated<{ operator: Operator }>>> {
  return {
    async guard(c, next) {
      const caller = await readOperator(c);
      if ("reason" in caller) throw unauthorized(caller.reason);
      if (!allows(caller.scope, scope)) {
        throw new ProblemError("forbidden", `needs scope ${scope}; the token has ${caller.scope}`);
      }
      assertShown(caller.view, madeOf);
      c.set("operator", caller);
      await next();
    },
    security: [{ operator: [scope] }],
    parameters: [
      {
        name: "access_token",
        in: "query",
        schema: { type: "string" },
        description: "Instead of the header, in development; in production where a setting says so",
      },
      {
        name: "ticket",
        in: "query",
        schema: { type: "string" },
        description: "Instead of the header, once: see POST /tickets",
      },
    ],
    problems: ["unauthorized", "forbidden"],
    note: noteOn(madeOf),
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

/** Names of the query parameters that carry a token. */
export function parameterNames({ parameters }: Access): string[] {
  return parameters.flatMap((parameter) => "name" in parameter ? [parameter.name] : []);
}

// ---

function assertShown(view: View, madeOf: readonly EventType[] | undefined): void {
  if (madeOf === undefined && isLimited(view)) {
    throw new ProblemError(
      "forbidden",
      "this is about the whole service, and the key is limited to a part of it",
    );
  }
  if (madeOf !== undefined && !showsTypes(view, madeOf)) {
    const shown = view.types?.join(", ") || "none";
    throw new ProblemError(
      "forbidden",
      `this is made of events of ${madeOf.join(", ")}; the key shows ${shown}`,
    );
  }
}

/** What the document says of limited keys. */
function noteOn(madeOf: readonly EventType[] | undefined): string {
  if (madeOf === undefined) return "Keys that are limited to rooms or types are refused.";
  const types = madeOf.length === 0 ? "" : `; one that is limited to types needs ${madeOf.join(", ")}`;
  return `A limited key sees its part${types}.`;
}

/** The refusal of a request that comes from nobody we know (RFC 6750 §3). */
export function unauthorized(detail: string): ProblemError {
  return new ProblemError("unauthorized", detail, {
    headers: { "www-authenticate": 'Bearer realm="talky"' },
  });
}
