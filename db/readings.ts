/**
 * Readings: what measurements say, in columns. Stored in the transaction that stores their events, from these
 * alone (ADR 0022).
 *
 * @module
 */
import type { NewEvent } from "../events/event.ts";
import { type Reading, readingsOf, valueNames } from "../quality/reading.ts";
import type { LoggedReading } from "../quality/sample.ts";
import { type Sql, textArray, type Transaction } from "./connect.ts";

/**
 * Stores the readings of events that this transaction has just appended, in the same order, and none after them.
 * A measurement that has come before makes none.
 */
export async function storeReadings(tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  const rows = events.flatMap((event, i) =>
    readingsOf(event).map((reading) => ({ ...reading, position: events.length - 1 - i }))
  );
  if (rows.length === 0) return;
  await insert(tx, rows, { table: "quality", id: "(select id from log_head) - position" });
}

/** Computes all readings again. Returns how many rows had to be put right; one that differs counts twice. */
export async function rebuildReadings(tx: Transaction): Promise<number> {
  await tx`create temp table readings (like quality including indexes) on commit drop`;
  // Of what was cleared only the readings are left.
  await tx`
    insert into readings select q.* from quality q join events e on e.id = q.event_id
    where e.data ? 'cleared'`;
  let after = 0;
  while (true) {
    const page = await tx<(NewEvent & { id: number })[]>`
      select id, type, room_id, actor_id, peer_id, utc(time) as time, data from events
      where type = 'p2p_session_stats' and id > ${after} order by id limit 1000`;
    const rows = page.flatMap((event) => readingsOf(event).map((one) => ({ ...one, position: event.id })));
    if (rows.length > 0) await insert(tx, rows, { table: "readings", id: "position" });
    if (page.length < 1000) break;
    after = page.at(-1)!.id;
  }
  const [{ differing }] = await tx<[{ differing: number }]>`
    select count(*) as differing from (
      (table quality except table readings) union all (table readings except table quality)) changed`;
  if (differing > 0) {
    await tx`delete from quality`;
    await tx`insert into quality table readings`;
  }
  return differing;
}

/** Which readings: of rooms, within a span of time, of some people (as either end). */
export interface ReadingQuery {
  readonly rooms: readonly string[];
  /** Milliseconds since 1970, inclusive. */
  readonly from: number;
  readonly to: number;
  readonly people?: readonly string[] | undefined;
  /** Only what is in the log up to this event. */
  readonly upto?: number | undefined;
  /** At most so many, the newest. */
  readonly limit: number;
}

/** Readings in order of time. */
export async function readingsBetween(sql: Sql | Transaction, query: ReadingQuery): Promise<LoggedReading[]> {
  const { rooms, from, to, people, upto, limit } = query;
  const parameters: (string | number)[] = [iso(from), iso(to), limit];
  const where = ["time >= $1::timestamptz", "time <= $2::timestamptz"];
  // By equality where it can be: the index then gives the order, too.
  if (rooms.length === 1) where.push(`room_id = $${parameters.push(rooms[0]!)}::uuid`);
  else where.push(`room_id = any($${parameters.push(textArray(rooms))}::uuid[])`);
  if (people) {
    const list = `$${parameters.push(textArray(people))}::uuid[]`;
    where.push(`(actor_id = any(${list}) or peer_id = any(${list}))`);
  }
  if (upto !== undefined) where.push(`event_id <= $${parameters.push(upto)}`);
  const rows = await sql.unsafe<LoggedReading[]>(
    `select ${columns} from quality where ${where.join(" and ")}
      order by quality.time desc, event_id desc limit $3`,
    parameters,
    { prepare: true },
  );
  return [...rows].reverse();
}

/** Deletes the readings of events that are kept no more. */
export async function forgetReadings(sql: Sql): Promise<void> {
  await sql`delete from quality where event_id < (select earliest from log_head)`;
}

/**
 * Clears the raw reports of measurements older than so many days; event, id and readings stay. Some at a time, so
 * that nobody waits for the rows. Returns how many.
 */
export async function clearMeasurements(sql: Sql, days: number): Promise<number> {
  let cleared = 0;
  while (true) {
    const { count, more } = await sql.begin(async (tx) => {
      const [{ id }] = await tx<[{ id: number }]>`select id from measurements_cleared for update`;
      const next = await tx<{ id: number; due: boolean }[]>`
        select id, time < now() - make_interval(days => ${days}) as due from events
        where type = 'p2p_session_stats' and id > ${id} order by id limit ${mostAtOnce}`;
      const due = next.filter((event) => event.due).map((event) => event.id);
      if (due.length === 0) return { count: 0, more: false };
      const { count } = await tx`
        update events set data = '{"cleared":true}'
        where id = any(${textArray(due.map(String))}::bigint[]) and data->>'cleared' is null`;
      // Time follows ids only nearly: one that is not due yet is looked at again.
      const until = next.findIndex((event) => !event.due);
      const passed = until < 0 ? next : next.slice(0, until);
      if (passed.length > 0) await tx`update measurements_cleared set id = ${passed.at(-1)!.id}`;
      return { count, more: passed.length === mostAtOnce };
    });
    cleared += count;
    if (!more) return cleared;
  }
}

// ---

const mostAtOnce = 1000;

/** Columns that identify a reading, and their types; after them come the values. */
const keys = {
  event_id: "bigint",
  room_id: "uuid",
  actor_id: "uuid",
  peer_id: "uuid",
  sid: "text",
  way: "text",
  kind: "text",
  ssrc: "bigint",
  time: "timestamptz",
  measured: "bigint",
} as const;

const texts = new Set(["codec", "connection", "candidate", "remote_candidate", "protocol"]);
texts.add("relay_protocol").add("network");

/** Types that JSON's numbers are read as; the table's columns narrow them. */
function typeOf(name: string): string {
  return texts.has(name) ? "text" : "double precision";
}

const names = [...Object.keys(keys), ...valueNames];

async function insert(
  tx: Transaction,
  rows: readonly (Reading & { readonly position: number })[],
  { table, id }: { readonly table: "quality" | "readings"; readonly id: string },
): Promise<void> {
  const json = JSON.stringify(rows.map(({ time, ...row }) => ({ ...row, time: iso(time) })));
  const read = Object.entries(keys).filter(([name]) => name !== "event_id").map(([name, type]) =>
    `${name} ${type}`
  );
  const values = valueNames.map((name) => `${name} ${typeOf(name)}`);
  const selected = names.map((name) => name === "event_id" ? id : name).join(", ");
  await tx.unsafe(
    `insert into ${table} (${names.join(", ")})
      select ${selected} from jsonb_to_recordset($1::text::jsonb)
        as r (position bigint, ${[...read, ...values].join(", ")})
      on conflict do nothing`,
    [json],
    { prepare: true },
  );
}

const columns = names.map((name) =>
  name === "time" ? "extract(epoch from quality.time)::double precision * 1000 as time" : name
).join(", ");

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
