/**
 * Who calls: the token of a request, from wherever it may come, and whom it stands for.
 *
 * @module
 */
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { z } from "zod";
import { hashToken } from "../auth/api_key.ts";
import { type Session, verifyCredential } from "../auth/credential.ts";
import { type Operator, scopes } from "../auth/operator.ts";
import { findApiKey, takeTicket } from "../db/api_keys.ts";
import { EventTypeName } from "../events/event.ts";
import type { Dependencies } from "./dependencies.ts";
import { bearerToken, cookieName } from "./token.ts";

/** How tokens are verified, and where they may stand. Null stands for what is not a valid, current token. */
export interface Authenticator {
  /** Whom a key, a signed token or a ticket stands for. A ticket is spent by this. */
  operator(c: Context, token: string): Promise<Operator | null>;
  /** Whether what an operator was let in by still holds. */
  isCurrent(c: Context, operator: Operator): Promise<boolean>;
  session(credential: string): Promise<Session | null>;
  /** Whether `?access_token=` is taken. */
  readonly accessTokenInQuery: boolean;
  /** Origins of our own pages: whose requests are let in by a cookie. */
  readonly origins: readonly string[];
}

/** Why a request comes from nobody. */
export interface Nobody {
  readonly reason: string;
}

/** The authenticator of an app. */
export function authenticatorOf(
  { keys, operators, database, publicUrl, accessTokenInQuery }: Dependencies,
): Authenticator {
  const finding = (c: Context) => (id: string) => findApiKey(database(c), id);
  return {
    async operator(c, token) {
      if (!token.startsWith("tt_")) return await operators.operator(token, finding(c));
      const grant = TicketGrant.safeParse(await takeTicket(database(c), await hashToken(token)));
      if (!grant.success) return null;
      const { view: { rooms, types }, ...rest } = grant.data;
      const operator = {
        ...rest,
        view: { ...rooms && { rooms }, ...types && { types } },
        by: "ticket" as const,
      };
      return await operators.isCurrent(operator, finding(c)) ? operator : null;
    },
    isCurrent: (c, operator) => operators.isCurrent(operator, finding(c)),
    session: (credential) => verifyCredential(keys, credential),
    accessTokenInQuery,
    origins: originsOf(publicUrl),
  };
}

/** The operator that a request comes from, by header, query or cookie. */
export async function readOperator(c: Context): Promise<Operator | Nobody> {
  const authenticator: Authenticator = c.get("authenticator");
  const token = readToken(c, authenticator);
  if (typeof token !== "string") return token;
  return await authenticator.operator(c, token) ??
    { reason: "the token is not valid, or is not any more: send another (deno task token)" };
}

// ---

const TicketGrant = z.object({
  scope: z.enum(scopes),
  key: z.string().nullable(),
  expires: z.number(),
  view: z.object({ rooms: z.array(z.string()).optional(), types: z.array(EventTypeName).optional() }),
});

function readToken(c: Context, { accessTokenInQuery, origins }: Authenticator): string | Nobody {
  const given = bearerToken(c);
  if (given !== undefined) return given;
  // Browsers cannot set headers on a WebSocket, a download or an EventSource.
  const ticket = c.req.query("ticket");
  if (ticket !== undefined) {
    return ticket.startsWith("tt_") ? ticket : { reason: "ticket takes what POST /tickets has given" };
  }
  const inQuery = c.req.query("access_token");
  if (inQuery !== undefined) {
    if (accessTokenInQuery) return inQuery;
    return {
      reason:
        "access_token is not taken here, for URLs are logged: send Authorization: Bearer …, or a ticket " +
        "(POST /tickets); TALKY_ACCESS_TOKEN_IN_QUERY=on takes it",
    };
  }
  const cookie = getCookie(c, cookieName);
  if (cookie === undefined) return { reason: "send an operator's key: Authorization: Bearer …" };
  return comesFromOurPage(c, origins)
    ? cookie
    : { reason: "a cookie is taken from this service's own pages only (Origin, Host)" };
}

/**
 * Whether a page of ours sent a request. A browser attaches the cookie to what any page asks for: `Origin` tells
 * which one does, `Host` by what name it found us (a name of an attacker's that now leads here is not ours).
 */
function comesFromOurPage(c: Context, origins: readonly string[]): boolean {
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  // The name alone: a proxy may have left the port out, and Origin has it.
  const name = URL.parse(`http://${host}`)?.hostname;
  const ours = origins.filter((origin) => new URL(origin).hostname === name);
  if (ours.length === 0) return false;
  const origin = c.req.header("origin");
  if (origin !== undefined) return ours.includes(origin);
  // All have one but plain GETs, of which a cross-site page sees no answer.
  const site = c.req.header("sec-fetch-site") ?? "none";
  return c.req.header("upgrade") === undefined && ["GET", "HEAD"].includes(c.req.method) &&
    ["same-origin", "none"].includes(site);
}

/** Our origin, and on a developer's machine its other names. */
function originsOf(publicUrl: string): string[] {
  const { protocol, hostname, port, origin } = new URL(publicUrl);
  const loopback = ["localhost", "127.0.0.1", "[::1]"];
  if (!loopback.includes(hostname)) return [origin];
  return loopback.map((name) => new URL(`${protocol}//${name}${port && `:${port}`}`).origin);
}
