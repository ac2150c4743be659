/**
 * API keys: made, listed, revoked; and the signed tokens that are made from one (ADR 0016).
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { makeApiKey } from "../auth/api_key.ts";
import { longestKeyLife, parseDuration } from "../auth/lifetime.ts";
import { allows, type Operator, scopes, signOperatorToken } from "../auth/operator.ts";
import { addApiKey, findApiKeys, revokeApiKey } from "../db/api_keys.ts";
import { EventTypeName, Time } from "../events/event.ts";
import { isWithin, type View } from "../events/view.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator } from "./guard.ts";
import { Cursor, Flag, Limit, readCursor, respondPage, timedPageOf, writeCursor } from "./lists.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { viewLimits } from "./view_limits.ts";

const ScopeName = z.enum(scopes).openapi({ description: "Each contains the ones before it" });

/** `30d`, or when it ends. */
const Expires = z.string().max(64).openapi({
  description: "How long it lasts (`90s`, `15m`, `12h`, `30d`), or when it ends (RFC 3339)",
  example: "30d",
});

const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  scope: ScopeName,
  rooms: z.array(z.string()).nullable().openapi({ description: "Null: all" }),
  types: z.array(EventTypeName).nullable().openapi({ description: "Null: all" }),
  created: Time,
  expires: Time,
  used: Time.nullable().openapi({ description: "Last use, to the minute" }),
  revoked: Time.nullable(),
}).openapi("ApiKey");

const NewApiKey = ApiKey.extend({
  token: z.string().openapi({ description: "The key itself: shown this once, and kept nowhere" }),
}).openapi("NewApiKey");

const SessionToken = z.object({
  token: z.string(),
  scope: ScopeName,
  rooms: z.array(z.string()).nullable(),
  types: z.array(EventTypeName).nullable(),
  expires: Time,
}).openapi("SessionToken");

const createKey = contract({
  method: "post",
  path: "/tokens",
  operationId: "createApiKey",
  summary: "A new API key",
  description:
    "Takes a key, not a token that was signed with one: what lives for minutes makes nothing that stays.",
  tags: ["keys"],
  access: operator("admin"),
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            name: z.string().trim().min(1).max(255).openapi({ description: "What it is for" }),
            scope: ScopeName.default("read"),
            ...viewLimits,
            expires: Expires.default("30d"),
          }),
        },
      },
    },
  },
  responses: {
    201: { description: "The key", content: { "application/json": { schema: NewApiKey } } },
  },
});

const listKeys = contract({
  method: "get",
  path: "/tokens",
  operationId: "listApiKeys",
  summary: "API keys, newest first; a year after their end they are forgotten",
  tags: ["keys"],
  access: operator("admin"),
  request: {
    query: z.object({
      active: Flag.openapi({ description: "Only those that are good (true), or revoked or over (false)" }),
      limit: Limit,
      cursor: Cursor,
    }),
  },
  responses: {
    200: { description: "A page of keys", content: { "application/json": { schema: timedPageOf(ApiKey) } } },
  },
});

const revokeKey = contract({
  method: "delete",
  path: "/tokens/{id}",
  operationId: "revokeApiKey",
  summary: "Revokes an API key",
  description:
    "Within five seconds it is refused by every instance, with what was signed with it, and its open " +
    "streams are closed (4401). Again is no error.",
  tags: ["keys"],
  access: operator("admin"),
  request: { params: z.object({ id: z.string().max(64) }) },
  responses: { 204: { description: "It is revoked" } },
  problems: ["token_not_found"],
});

const createSessionToken = contract({
  method: "post",
  path: "/tokens/session",
  operationId: "createSessionToken",
  summary: "A signed token for minutes, for a browser",
  description:
    "Made by whoever has the key, for a page that must not. It does no more than its key and ends with " +
    "it. Lasts 10 minutes unless `expires` says otherwise, an hour at most.",
  tags: ["keys"],
  access: operator("read", []),
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            scope: ScopeName.default("read"),
            ...viewLimits,
            expires: Expires.default("10m"),
          }),
        },
      },
    },
  },
  responses: {
    201: { description: "The token", content: { "application/json": { schema: SessionToken } } },
  },
});

/** Routes of keys. */
export function apiKeyRoutes({ database, operators, keys }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(createKey, async (c) => {
    const { name, scope, rooms, types, expires } = c.req.valid("json");
    assertKey(c.get("operator"));
    const { id, token, hash } = await makeApiKey();
    const view = { ...rooms && { rooms }, ...types && { types } };
    const end = readEnd(expires, longestKeyLife, "400 days");
    const json = await addApiKey(database(c), { id, name, hash, scope, view, expires: end });
    return c.json({ ...ApiKey.parse(JSON.parse(json)), token }, 201, unstored);
  });
  app.openapi(listKeys, (c) => {
    const { active, limit, cursor } = c.req.valid("query");
    const before = readCursor(cursor, z.string().max(64));
    const sql = database(c);
    return respondPage(c, listKeys, {
      sql,
      rows: findApiKeys(sql, { active, before, limit: limit + 1 }),
      limit,
      cursorOf: writeCursor,
    });
  });
  app.openapi(revokeKey, async (c) => {
    const { id } = c.req.valid("param");
    if (!await revokeApiKey(database(c), id)) {
      throw new ProblemError("token_not_found", `no key has the id ${id}`);
    }
    operators.forget(id);
    return c.body(null, 204);
  });
  app.openapi(createSessionToken, async (c) => {
    const { scope, rooms, types, expires } = c.req.valid("json");
    const caller = c.get("operator");
    assertKey(caller);
    if (!allows(caller.scope, scope)) {
      throw new ProblemError(
        "forbidden",
        `json.scope: the key has ${caller.scope}, which is less than ${scope}`,
      );
    }
    const view = narrow(caller.view, { ...rooms && { rooms }, ...types && { types } });
    const end = Math.min(readEnd(expires, longestSession, "an hour"), caller.expires);
    const lifetime = Math.floor((end - Date.now()) / 1000);
    const token = await signOperatorToken(keys, scope, lifetime, { key: caller.key, view });
    return c.json(
      {
        token,
        scope,
        rooms: view.rooms ? [...view.rooms] : null,
        types: view.types ? [...view.types] : null,
        expires: new Date(end).toISOString(),
      },
      201,
      unstored,
    );
  });
  return app;
}

// ---

/** The longest that a session's token may last, in milliseconds. */
const longestSession = 3_600_000;

/** Nobody on the way keeps what is shown once. */
const unstored = { "cache-control": "no-store" };

/** Who has a key makes others; who was lent a token for minutes would make itself at home with one. */
function assertKey({ key, by }: Operator): void {
  if (by === "key" || (by === "signed" && key === null)) return;
  throw new ProblemError("forbidden", "this takes an API key, not a token or ticket that was made from one");
}

/** Milliseconds since 1970 of a duration from now, or of a time. Throws a problem beyond the longest. */
function readEnd(text: string, longest: number, inWords: string): number {
  const now = Date.now();
  const lifetime = parseDuration(text);
  const end = lifetime !== null ? now + lifetime : Time.safeParse(text).success ? Date.parse(text) : NaN;
  // A second for clocks and the way.
  if (end > now && end <= now + longest + 1000) return end;
  throw new ProblemError(
    "invalid_request",
    `json.expires: takes a number and s, m, h or d, such as 30d, or a time to come (RFC 3339), at most ${inWords} off`,
  );
}

/** What is asked for of what the key shows; where nothing is, all of that. */
function narrow(held: View, wanted: View): View {
  const view = { ...held, ...wanted };
  if (isWithin(view, held)) return view;
  throw new ProblemError("forbidden", "json: rooms and types must be among those of the key");
}
