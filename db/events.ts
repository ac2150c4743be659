/**
 * Queries of the history: events by filter, page by page or as a stream of any size.
 *
 * @module
 */
import type { Sql } from "./connect.ts";
import { textArray } from "./log.ts";

/** Which events, in which order. Absent: no restriction. */
export interface EventQuery {
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly types?: readonly string[] | undefined;
  readonly room?: string | undefined;
  readonly actor?: string | undefined;
  readonly peer?: string | undefined;
  /** A session, as actor or as peer. */
  readonly session?: string | undefined;
  /** By `time`: from (inclusive) to (exclusive), RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly order: "asc" | "desc";
  readonly limit: number;
}

/** An event's id and its JSON, built by the database. */
export interface EventRow {
  readonly id: number;
  readonly json: string;
}

/** One page of events. */
export async function findEvents(sql: Sql, query: EventQuery): Promise<EventRow[]> {
  return await sql<EventRow[]>`select id, event_json(e) as json from events e ${matching(sql, query)}`;
}

/**
 * All events of a query as text, a page's worth at a time: JSON or CSV, a line each. Reads by key, so any
 * number of rows costs the memory of one page. `limit` absent: to the end.
 */
export async function* readLines(
  sql: Sql,
  query: Omit<EventQuery, "limit"> & { readonly limit?: number | undefined },
  format: "json" | "csv",
): AsyncGenerator<string, void, void> {
  const line = format === "json" ? sql`event_json(e)` : sql`event_csv(e)`;
  let remaining = query.limit ?? Number.POSITIVE_INFINITY;
  let place: Pick<EventQuery, "after" | "before"> = {};
  while (remaining > 0) {
    const limit = Math.min(linesPerPage, remaining);
    const rows = await sql<{ id: number; line: string }[]>`
      select id, ${line} as line from events e ${matching(sql, { ...query, ...place, limit })}`;
    const last = rows.at(-1);
    if (!last) return;
    const end = format === "csv" ? "\r\n" : "\n";
    yield rows.map((row) => row.line).join(end) + end;
    if (rows.length < limit) return;
    remaining -= rows.length;
    place = query.order === "asc" ? { after: last.id } : { before: last.id };
  }
}

// ---

const linesPerPage = 2000;

function matching(sql: Sql, query: EventQuery) {
  const { after, before, types, room, actor, peer, session, from, to, order, limit } = query;
  return sql`
    where true
      ${after === undefined ? sql`` : sql`and id > ${after}`}
      ${before === undefined ? sql`` : sql`and id < ${before}`}
      ${types && types.length > 0 ? sql`and type = any(${textArray(types)}::text[])` : sql``}
      ${room === undefined ? sql`` : sql`and room_id = ${room}`}
      ${actor === undefined ? sql`` : sql`and actor_id = ${actor}`}
      ${peer === undefined ? sql`` : sql`and peer_id = ${peer}`}
      ${session === undefined ? sql`` : sql`and (actor_id = ${session} or peer_id = ${session})`}
      ${from === undefined ? sql`` : sql`and time >= ${from}::timestamptz`}
      ${to === undefined ? sql`` : sql`and time < ${to}::timestamptz`}
    order by id ${order === "asc" ? sql`asc` : sql`desc`} limit ${limit}`;
}
