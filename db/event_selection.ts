/**
 * Statements that find events by filter, each of a shape whose cost follows what it returns, whether it is planned
 * with its values or without (ADR 0019): every condition that narrows is walked in the order of an index of its own,
 * several side by side, and a span of time is walked in the blocks of ids that have it.
 *
 * Row comparisons, `(room_id, id) > ($3, $1)`, are there so that no plan can walk the primary key instead.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import { type Sql, textArray } from "./connect.ts";
import { blockBits, findBlocks, isFew } from "./event_times.ts";
import { roomArrays } from "./view.ts";

/** Which events, in which order. Absent: no restriction. */
export interface EventFilter {
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
  /** Only of this log: nothing where it is another one by now. */
  readonly generation?: string | undefined;
  readonly order: "asc" | "desc";
}

/** A statement. The first two parameters are the ids that events lie between; after them all comes the limit. */
export interface Selection {
  /** `columns` of the events `e`, of which no more than `most` are asked for. */
  text(columns: string, most: number): string;
  readonly parameters: Parameter[];
}

export type Parameter = string | number;

/** The statements that together select a filter's events: one after the other, in its order. */
export async function* selectEvents(sql: Sql, given: EventFilter): AsyncGenerator<Selection, void, void> {
  const filter = withViewOfTypes(given);
  const { types, rooms, view, from, to } = filter;
  if (types?.length === 0 || view.rooms?.length === 0) return;
  const timed = from !== undefined || to !== undefined;
  const bySession = filter.actor ?? filter.peer ?? filter.session;
  if (!timed || bySession !== undefined) return yield statement(filter);
  if (rooms === undefined && view.rooms === undefined) return yield* inBlocks(sql, filter);
  // A room may have gone on for years.
  const narrowed = await narrow(sql, filter);
  if (narrowed) yield statement(narrowed);
}

/** The statement for a filter that nothing but the log, or an index, has to be walked for. */
export function statement(filter: EventFilter): Selection {
  const { after = 0, before = Number.MAX_SAFE_INTEGER, order } = filter;
  const parameters: Parameter[] = [after, before];
  const bind = (value: Parameter) => `$${parameters.push(value)}`;
  const walk = walkOf(filter, bind);
  // Asked once, before anything is read.
  const sameLog = filter.generation === undefined
    ? ""
    : ` and (select generation from log_head) = ${bind(filter.generation)}::uuid`;
  return {
    parameters,
    text(columns, most) {
      const limit = `limit $${parameters.length + 1}`;
      if ("direct" in walk) {
        return `select ${columns} from events e where ${walk.direct}${sameLog} order by ${
          walk.by(order)
        } ${limit}`;
      }
      return fetched(columns, walk.ids(roundedUp(most)), order, limit, sameLog);
    },
  };
}

// ---

/** How the ids are found: by one index in its order, or by several walks side by side. */
type Walk = Ids | { readonly direct: string; readonly by: (order: string) => string };

interface Ids {
  readonly ids: (most: number) => string;
}

type Bind = (value: Parameter) => string;

function walkOf(filter: EventFilter, bind: Bind): Walk {
  const { actor, peer, session, rooms, types, view, order } = filter;
  /** Along an index on (column, id), at one value. */
  const along = (column: string, value: string) =>
    `(e.${column}, e.id) > (${value}, $1) and (e.${column}, e.id) < (${value}, $2)` +
    // Says how few they are, which the other form does not.
    (column === "type" ? "" : ` and e.${column} >= ${value} and e.${column} <= ${value}`) +
    (column === "peer_id" ? " and e.peer_id is not null" : "");
  const by = (column: string) => (order: string) => `e.${column} ${order}, e.id ${order}`;
  const one = (column: string, value: string, rest: string): Walk => ({
    direct: along(column, value) + rest,
    by: by(column),
  });
  const several = (column: string, values: string, rest: string): Ids => ({
    ids: (most) =>
      `select f.id from ${values} as v (value) cross join lateral (
        select e.id from events e where ${along(column, "v.value")}${rest}
        order by ${by(column)(order)} limit ${most}) f`,
  });
  const without = (...done: (keyof EventFilter)[]) => remaining(filter, done, bind);

  if (actor !== undefined) return one("actor_id", `${bind(actor)}::uuid`, without("actor"));
  if (peer !== undefined) return one("peer_id", `${bind(peer)}::uuid`, without("peer"));
  if (session !== undefined) {
    const [value, rest] = [`${bind(session)}::uuid`, without("session")];
    return {
      ids: (most) =>
        ["actor_id", "peer_id"].map((column) =>
          `(select e.id from events e where ${along(column, value)}${rest}
            order by ${by(column)(order)} limit ${most})`
        ).join(" union "),
    };
  }
  if (rooms?.length === 1) return one("room_id", `${bind(rooms[0]!)}::uuid`, without("rooms"));
  if (rooms) return several("room_id", `unnest(${bind(textArray(rooms))}::uuid[])`, without("rooms"));
  if (view.rooms) {
    const [shown, rest] = [shownRooms(view.rooms, bind), without("view")];
    // Of a name with many lives, only those can be on the page whose first event is among the first.
    return {
      ids: (most) =>
        several(
          "room_id",
          `(select r.id from (select r.id, (select e.id from events e where ${along("room_id", "r.id")}${rest}
              order by ${by("room_id")(order)} limit 1) as place from unnest(${shown}) r (id)) r
            where place is not null order by place ${order} limit ${most})`,
          rest,
        ).ids(most),
    };
  }
  if (types?.length === 1) return one("type", `${bind(types[0]!)}::text`, without("types"));
  if (types) return several("type", `unnest(${bind(textArray(types))}::text[])`, without("types"));
  return {
    direct: `e.id > $1 and e.id < $2${without()}`,
    by: (order) => `e.id ${order}`,
  };
}

/**
 * The conditions of a filter, but for those that are met already, each after an `and`. They are of a form that no index
 * fits: they are for what the walk comes by.
 */
function remaining(filter: EventFilter, done: readonly (keyof EventFilter)[], bind: Bind): string {
  const { types, rooms, actor, peer, session, from, to, view } = filter;
  const conditions: string[] = [];
  const add = (name: keyof EventFilter, value: Parameter | undefined, condition: (p: string) => string) => {
    if (value !== undefined && !done.includes(name)) conditions.push(`(${condition(bind(value))}) is true`);
  };
  add("types", types && textArray(types), (p) => `e.type = any(${p}::text[])`);
  add("rooms", rooms && textArray(rooms), (p) => `e.room_id = any(${p}::uuid[])`);
  add("actor", actor, (p) => `e.actor_id = ${p}::uuid`);
  add("peer", peer, (p) => `e.peer_id = ${p}::uuid`);
  add("session", session, (p) => `(e.actor_id = ${p}::uuid or e.peer_id = ${p}::uuid)`);
  add("from", from, (p) => `e.time >= ${p}::timestamptz`);
  add("to", to, (p) => `e.time < ${p}::timestamptz`);
  if (view.rooms && !done.includes("view")) {
    conditions.push(`(e.room_id = any(${shownRooms(view.rooms, bind)})) is true`);
  }
  return conditions.map((condition) => ` and ${condition}`).join("");
}

/** An array of the ids of a view's rooms. */
function shownRooms(rooms: readonly string[], bind: Bind): string {
  const { ids, nodes } = roomArrays(rooms);
  return `array(select id from rooms where id = any(${bind(ids)}::uuid[])
    union select id from rooms where split_part(jid, '@', 1) = any(${bind(nodes)}::text[]))`;
}

/** Statements for a span of time, some blocks at a time. */
async function* inBlocks(sql: Sql, filter: EventFilter): AsyncGenerator<Selection, void, void> {
  const { types, from, to, order } = filter;
  let [first, last] = blockRange(filter);
  // The first few are a page, mostly.
  for (let limit = 4; first <= last; limit = blocksAtOnce) {
    const blocks = await findBlocks(sql, { types, from, to, first, last, order, limit });
    const end = blocks.at(-1);
    if (end === undefined) return;
    yield blockStatement(filter, blocks);
    if (blocks.length < limit) return;
    if (order === "asc") first = end + 1;
    else last = end - 1;
  }
}

function blockStatement(filter: EventFilter, blocks: readonly number[]): Selection {
  const { after = 0, before = Number.MAX_SAFE_INTEGER, types, order } = filter;
  const parameters: Parameter[] = [after, before];
  const bind = (value: Parameter) => `$${parameters.push(value)}`;
  const values = `unnest(${bind(textArray(blocks.map(String)))}::bigint[]) as b (block)`;
  const [start, end] = [`b.block << ${blockBits}`, `(b.block + 1) << ${blockBits}`];
  const few = isFew(types);
  const wanted = few ? `, unnest(${bind(textArray(types))}::text[]) as w (type)` : "";
  const rest = remaining(filter, few ? ["types"] : [], bind);
  const walk = few
    ? `(e.type, e.id) >= (w.type, ${start}) and (e.type, e.id) < (w.type, ${end}) and e.id > $1 and e.id < $2${rest}
      order by e.type ${order}, e.id ${order}`
    : `e.id >= ${start} and e.id < ${end} and e.id > $1 and e.id < $2${rest} order by e.id ${order}`;
  return {
    parameters,
    text(columns, most) {
      // No block is read further than the page is long.
      const limit = `limit ${roundedUp(most)}`;
      const ids = `select f.id from ${values}${wanted} cross join lateral (
        select e.id from events e where ${walk} ${limit}) f order by f.id ${order} ${limit}`;
      return fetched(columns, ids, order, `limit $${parameters.length + 1}`);
    },
  };
}

/** A filter with the ids between which its span of time lies; null when nothing does. */
async function narrow(sql: Sql, filter: EventFilter): Promise<EventFilter | null> {
  const { after = 0, before = Number.MAX_SAFE_INTEGER, from, to, types } = filter;
  const [first, last] = blockRange(filter);
  const ends = await Promise.all(
    (["asc", "desc"] as const).map((order) =>
      findBlocks(sql, { types, from, to, first, last, order, limit: 1 })
    ),
  );
  const [lowest, highest] = [ends[0]![0], ends[1]![0]];
  if (lowest === undefined || highest === undefined) return null;
  return {
    ...filter,
    after: Math.max(after, lowest * blockSize - 1),
    before: Math.min(before, (highest + 1) * blockSize),
  };
}

/** The blocks that the ids of a filter lie in. */
function blockRange({ after = 0, before = Number.MAX_SAFE_INTEGER }: EventFilter): [number, number] {
  return [Math.floor((after + 1) / blockSize), Math.floor((before - 1) / blockSize)];
}

/** Events by their ids: each looked up by the primary key, however many a plan expects. */
function fetched(columns: string, ids: string, order: string, limit: string, sameLog = ""): string {
  return `select ${columns} from (select id from (${ids}) ids where true${sameLog} order by id ${order} ${limit}) found
    cross join lateral (select e from events e where e.id = found.id limit 1) one (e) order by found.id ${order}`;
}

/** The filter with what its view leaves of its types, each once. */
function withViewOfTypes(filter: EventFilter): EventFilter {
  const { view } = filter;
  const asked = filter.types && filter.types.length > 0 ? [...new Set(filter.types)] : undefined;
  const shown: readonly string[] | undefined = view.types;
  const types = asked && shown ? asked.filter((type) => shown.includes(type)) : asked ?? shown;
  const rooms = filter.rooms && filter.rooms.length > 0 ? [...new Set(filter.rooms)] : undefined;
  return { ...filter, types, rooms, view: view.rooms ? { rooms: view.rooms } : {} };
}

/** A limit that is in the text, so that a plan knows it; of few different ones, so that few are prepared. */
function roundedUp(most: number): number {
  return 2 ** Math.max(6, Math.ceil(Math.log2(Math.max(1, most))));
}

const blockSize = 2 ** blockBits;
const blocksAtOnce = 64;
