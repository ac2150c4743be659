/**
 * What all lists share: limits, keyset cursors, the page `{items, next}`. Rows arrive as JSON text from the
 * database and leave as they came, unparsed.
 *
 * @module
 */
import { type RouteConfig, type RouteConfigToTypedResponse, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Sql } from "../db/connect.ts";
import { readGeneration } from "../db/log.ts";
import { Id, Time } from "../events/event.ts";
import { ProblemError } from "./problem.ts";
import { wholeNumber } from "./query.ts";

/** Most items of a page. */
export const Limit = wholeNumber("Most items of a page", { minimum: 1, maximum: 1000 }).prefault("100")
  .openapi({ type: "integer", default: 100 });

/** A place in a list: what an earlier page's `next` said. */
export const Cursor = z.string().max(200).optional().openapi({
  description: "`next` of the page before",
});

/** An RFC 3339 time in a query. */
export const Moment = z.iso.datetime({
  offset: true,
  error: "takes an RFC 3339 time, such as 2026-01-01T00:00:00Z",
}).optional().openapi({
  description: "RFC 3339, e.g. 2026-01-01T00:00:00Z",
});

/** true or false in a query. */
export const Flag = z.enum(["true", "false"]).transform((value) => value === "true").optional();

/** What every list of things that begin and end is narrowed by. */
export const listParameters = {
  active: Flag.openapi({ description: "Only what is going on (true) or has ended (false)" }),
  from: Moment,
  to: Moment,
  limit: Limit,
  cursor: Cursor,
};

/** The page of a list, by the schemas of its items and of its cursor. */
export function pageOf<Item extends z.ZodType, Next extends z.ZodType>(item: Item, next: Next) {
  return z.object({
    items: z.array(item),
    next: next.nullable().openapi({ description: "Cursor of the next page; null at the end" }),
    generation: Id.describe("Which log it is: another one after the database was restored"),
  });
}

/** The page of a list whose cursors {@link writeCursor} writes. */
export function timedPageOf<Item extends z.ZodType>(item: Item) {
  return pageOf(item, z.string());
}

/** A row's place: its time and, among equals, its id. */
export interface Place {
  readonly moment: string;
  readonly id: string;
}

/** Writes a cursor. */
export function writeCursor({ moment, id }: Place): string {
  return btoa(`${moment} ${id}`).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * Reads a cursor back; undefined for none. Throws a problem where it is not one of ours. `id` is the schema of the
 * list's ids, UUIDs mostly.
 */
export function readCursor(cursor: string | undefined, id: z.ZodType<string> = Id): Place | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [moment, place] = atob(cursor.replaceAll("-", "+").replaceAll("_", "/")).split(" ");
    return { moment: Time.parse(moment), id: id.parse(place) };
  } catch {
    throw new ProblemError("invalid_request", "query.cursor: not a cursor that a list has given");
  }
}

/**
 * A page of a list. `rows` were asked for with one more than `limit`; the spare one says that there is a next
 * page. `cursorOf` gives what the contract calls `next`.
 */
export async function respondPage<C extends RouteConfig, Row extends { readonly json: string }>(
  c: Context,
  contract: C,
  { sql, rows: found, limit, cursorOf }: {
    readonly sql: Sql;
    readonly rows: Promise<readonly Row[]>;
    readonly limit: number;
    readonly cursorOf: (row: Row) => NextOf<C>;
  },
): Promise<RouteConfigToTypedResponse<C>> {
  const [rows, generation] = await Promise.all([found, readGeneration(sql)]);
  const items = rows.slice(0, limit).map(({ json }) => json).join(",");
  const last = rows[limit - 1];
  const next = rows.length > limit && last ? JSON.stringify(cursorOf(last)) : "null";
  return await respondJson(
    c,
    contract,
    `{"items":[${items}],"next":${next},"generation":"${generation}"}`,
  );
}

/**
 * JSON text as it stands, under an ETag made of it: what has not changed, an ended room or a page of the past,
 * is not sent again (304, RFC 9110 §13.1.2). Kept by the client alone, and asked after each time.
 */
export function respondJson<C extends RouteConfig>(
  c: Context,
  _contract: C,
  json: string,
): Promise<RouteConfigToTypedResponse<C>> {
  return respondUnlessKnown(c, json) as Promise<unknown> as Promise<RouteConfigToTypedResponse<C>>;
}

// ---

async function respondUnlessKnown(c: Context, json: string): Promise<Response> {
  const bytes = new TextEncoder().encode(json);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  // Weak: compressed it is another sequence of bytes.
  const etag = `W/"${digest.toHex().slice(0, 32)}"`;
  const headers = { etag, "cache-control": "private, no-cache", vary: "Accept, Authorization" };
  if (matches(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  return c.body(json, 200, {
    ...headers,
    "content-type": "application/json",
    "content-length": String(bytes.length),
  });
}

/** Whether `If-None-Match` has an ETag, by weak comparison. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return ifNoneMatch?.split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag)) ?? false;
}

/** The type of a contract's cursors. */
type NextOf<C extends RouteConfig> = C["responses"][200] extends
  { content: { "application/json": { schema: infer Schema extends z.ZodType } } }
  ? z.infer<Schema> extends { next: infer Next } ? NonNullable<Next> : never
  : never;
