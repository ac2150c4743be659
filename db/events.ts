/**
 * Queries of the history: events by filter, page by page or as a stream of any size.
 *
 * @module
 */
import type { Sql } from "./connect.ts";
import { type EventFilter, selectEvents } from "./event_selection.ts";

/** Which events, in which order, and how many. Absent: no restriction. */
export interface EventQuery extends EventFilter {
  readonly limit: number;
}

/** An event's id and its JSON, built by the database. */
export interface EventRow {
  readonly id: number;
  readonly json: string;
}

/** One page of events. */
export async function findEvents(sql: Sql, query: EventQuery): Promise<EventRow[]> {
  const found: EventRow[] = [];
  for await (const { text, parameters } of selectEvents(sql, query)) {
    const statement = text("(e).id, event_json(e) as json", query.limit);
    const rest = query.limit - found.length;
    found.push(...await sql.unsafe<EventRow[]>(statement, [...parameters, rest], { prepare: true }));
    if (found.length >= query.limit) break;
  }
  return found;
}

/**
 * All events of a query as text (UTF-8), a page's worth at a time: JSON or CSV, a line each. Reads by key, so
 * any number of rows costs the memory of one page; the database writes the page, and nobody reads it on
 * the way. `limit` absent: to the end.
 */
export async function* readLines(
  sql: Sql,
  query: Omit<EventQuery, "limit"> & { readonly limit?: number | undefined },
  format: "json" | "csv",
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { order } = query;
  const line = format === "json" ? "event_json(e) || E'\\n'" : "event_csv(e) || E'\\r\\n'";
  let remaining = query.limit ?? Number.POSITIVE_INFINITY;
  let keptFrom: number | undefined;
  for await (const { text, parameters } of selectEvents(sql, query)) {
    const page = `with page as (${text(`(e).id, ${line} as line`, linesPerPage)})
      select count(*), (array_agg(id order by id ${order}))[count(*)],
      string_agg(line, '' order by id ${order}), (select earliest from log_head) from page`;
    while (remaining > 0) {
      const limit = Math.min(linesPerPage, remaining);
      const [row] = await sql.unsafe(page, [...parameters, limit], { prepare: true }).raw();
      const [count, last] = [numberOf(row![0]), numberOf(row![1])];
      const earliest = numberOf(row![3]);
      keptFrom ??= earliest;
      // Upwards, parameters[0] is where it has got to; downwards, where it ends.
      const isBefore = Number(parameters[0]) < earliest - 1 && (order === "asc" || count < limit);
      if (earliest > keptFrom && isBefore) throw new ForgottenMeanwhile();
      if (count > 0) yield row![2] as Uint8Array<ArrayBuffer>;
      remaining -= count;
      if (count < limit) break;
      parameters[order === "asc" ? 0 : 1] = last;
    }
  }
}

/** Events that an export was to have were forgotten while it was on its way (ADR 0021). */
export class ForgottenMeanwhile extends Error {
  override name = "ForgottenMeanwhile";

  constructor() {
    super("events of this export were forgotten while it was read: ask again");
  }
}

// ---

/** Small enough that what a page leaves behind is soon collected. */
const linesPerPage = 200;

function numberOf(value: Uint8Array | null | undefined): number {
  return value ? Number(new TextDecoder().decode(value)) : 0;
}
