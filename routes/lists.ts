/**
 * What all lists share: limits, keyset cursors, the page `{items, next}`. Rows arrive as JSON text from the
 * database and leave as they came, unparsed.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Id, Time } from "../events/event.ts";
import { ProblemError } from "./problem.ts";

const limitError = { error: "takes a whole number from 1 to 1000" };

/** Query parameters of every list. */
export const Limit = z.coerce.number(limitError).int(limitError).min(1, limitError).max(1000, limitError)
  .default(100).openapi({
    description: "Most items of a page: 1 to 1,000",
  });

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
  access_token: z.string().optional().openapi({ description: "Instead of the header" }),
};

/** The page of a list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.union([z.string(), z.int(), z.null()]).openapi({
      description: "Cursor of the next page; null at the end",
    }),
  });
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

/** Reads a cursor back; undefined for none. Throws a problem where it is not one of ours. */
export function readCursor(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [moment, id] = atob(cursor.replaceAll("-", "+").replaceAll("_", "/")).split(" ");
    return { moment: Time.parse(moment), id: Id.parse(id) };
  } catch {
    throw new ProblemError("invalid_request", "query.cursor: not a cursor that a list has given");
  }
}

/**
 * Answers with a page. `rows` were asked for with one more than `limit`; the spare one says that there is
 * a next page.
 */
export function answerPage<Row extends { readonly json: string }>(
  c: Context,
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string | number,
): never {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const next = rows.length > limit && last ? JSON.stringify(cursorOf(last)) : "null";
  return answerJson(c, `{"items":[${items.map(({ json }) => json).join(",")}],"next":${next}}`);
}

/** Answers with JSON text as it stands. The contract's types cannot see into it; the tests do. */
export function answerJson(c: Context, json: string): never {
  return c.body(json, 200, { "content-type": "application/json" }) as never;
}
