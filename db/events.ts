/**
 * Queries of the history: events by filter, page by page or as a stream of any size.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import { type Sql, textArray } from "./connect.ts";
import { roomArrays } from "./view.ts";

/** Which events, in which order. Absent: no restriction. */
export interface EventQuery {
  /** What the reader may see at all. */
  readonly view: View;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly types?: readonly string[] | undefined;
  readonly rooms?: readonly string[] | undefined;
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
  const { text, parameters } = select("id, event_json(e) as json", query);
  return await sql.unsafe<EventRow[]>(text, [...parameters, query.limit], { prepare: true });
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
  const line = format === "json" ? "event_json(e) || E'\\n'" : "event_csv(e) || E'\\r\\n'";
  const { text, parameters } = select(`id, ${line} as line`, query);
  const page = `with page as (${text}) select count(*), (array_agg(id order by id ${query.order}))[count(*)],
    string_agg(line, '' order by id ${query.order}) from page`;
  let remaining = query.limit ?? Number.POSITIVE_INFINITY;
  while (remaining > 0) {
    const limit = Math.min(linesPerPage, remaining);
    const [row] = await sql.unsafe(page, [...parameters, limit], { prepare: true }).raw();
    const [count, last] = [numberOf(row![0]), numberOf(row![1])];
    if (count === 0) return;
    yield row![2] as Uint8Array<ArrayBuffer>;
    if (count < limit) return;
    remaining -= count;
    parameters[query.order === "asc" ? 0 : 1] = last;
  }
}

// ---

/** Small enough that what a page leaves behind is soon collected. */
const linesPerPage = 200;

function numberOf(value: Uint8Array | null | undefined): number {
  return value ? Number(new TextDecoder().decode(value)) : 0;
}

/**
 * The query's text, prepared once for all its pages, and its parameters: the first two are the ids it lies
 * between, and after them comes the limit.
 */
function select(
  columns: string,
  query: Omit<EventQuery, "limit">,
): { text: string; parameters: Parameter[] } {
  const { view, after, before, types, rooms, actor, peer, session, from, to, order } = query;
  const parameters: Parameter[] = [after ?? 0, before ?? Number.MAX_SAFE_INTEGER];
  const conditions = ["id > $1", "id < $2"];
  const where = (value: Parameter | undefined, condition: (parameter: string) => string) => {
    if (value !== undefined) conditions.push(condition(`$${parameters.push(value)}`));
  };
  where(types && types.length > 0 ? textArray(types) : undefined, (p) => `type = any(${p}::text[])`);
  // By equality where it can be: the index then gives the order, too.
  if (rooms?.length === 1) where(rooms[0], (p) => `room_id = ${p}`);
  else if (rooms && rooms.length > 0) where(textArray(rooms), (p) => `room_id = any(${p}::uuid[])`);
  where(actor, (p) => `actor_id = ${p}`);
  where(peer, (p) => `peer_id = ${p}`);
  where(session, (p) => `(actor_id = ${p} or peer_id = ${p})`);
  where(from, (p) => `time >= ${p}::timestamptz`);
  where(to, (p) => `time < ${p}::timestamptz`);
  where(view.types && textArray(view.types), (p) => `type = any(${p}::text[])`);
  if (view.rooms) {
    const { ids, nodes } = roomArrays(view.rooms);
    where(
      ids,
      (p) =>
        `room_id in (select id from rooms where id = any(${p}::uuid[]) or split_part(jid, '@', 1) = any($${
          parameters.push(nodes)
        }::text[]))`,
    );
  }
  const text = `select ${columns} from events e where ${conditions.join(" and ")} order by id ${order}
    limit $${parameters.length + 1}`;
  return { text, parameters };
}

type Parameter = string | number;
