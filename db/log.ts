/**
 * The log: the one place where events are appended and read. Ids are dense and given in commit order,
 * because appends take turns on the row of `log_head` (ADR 0002): "everything after id N" is complete
 * the moment it is read.
 *
 * @module
 */
import type { NewEvent } from "../events/event.ts";
import type { LogBounds, LoggedEvent, LogPage } from "../events/event_log.ts";
import { everything } from "../events/view.ts";
import type { Sql, Transaction } from "./connect.ts";
import { selectEvents } from "./event_selection.ts";

/** Channel on which every append is announced. The announcement carries no data: the cursor is truth. */
export const wakeupChannel = "talky_log";

/**
 * Appends events within a transaction, in the given order. Call it last: from here to the commit every
 * other writer waits.
 */
export async function appendEvents(tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx`
    with head as (
      update log_head set id = id + ${events.length} returning id - ${events.length} as base
    ), inserted as (
      insert into events (id, type, room_id, actor_id, peer_id, time, data)
      select head.base + e.position, e.type, e.room_id, e.actor_id, e.peer_id, e.time, e.data
      from head, rows from (jsonb_to_recordset(${JSON.stringify(events)}::text::jsonb) as (
        type text, room_id uuid, actor_id uuid, peer_id uuid, time timestamptz, data jsonb
      )) with ordinality as e (type, room_id, actor_id, peer_id, time, data, position)
    )
    select pg_notify(${wakeupChannel}, '')`;
}

/** Where the log begins and ends now. */
export async function readBounds(sql: Sql): Promise<LogBounds> {
  const [row] = await sql<[LogBounds]>`select id as head, earliest, generation from log_head`;
  return row;
}

/** Which log it is now. */
export async function readGeneration(sql: Sql): Promise<string> {
  const [row] = await sql<[{ generation: string }]>`select generation from log_head`;
  return row.generation;
}

/** Makes another log of it: cursors that were given out are none of its. Returns its new generation. */
export async function renewGeneration(sql: Sql): Promise<string> {
  const [row] = await sql<[{ generation: string }]>`
    update log_head set generation = gen_random_uuid() returning generation`;
  return row.generation;
}

/**
 * Reads events with `after < id <= upTo`, oldest first, at most `limit`. Fewer than `limit` means there is
 * no other match up to `upTo`. Rooms' nodes, a third of the cost, are looked up only where nothing is filtered yet.
 */
export async function readAfter(
  sql: Sql,
  after: number,
  { upTo, limit, filter, generation }: LogPage,
): Promise<LoggedEvent[]> {
  const { rooms, types, view = everything } = filter ?? {};
  const node = filter ? "null" : "(select split_part(jid, '@', 1) from rooms r where r.id = (e).room_id)";
  const columns = `(e).id, (e).type, (e).room_id, event_json(e) as json, ${node} as room_node`;
  const before = upTo === undefined ? undefined : upTo + 1;
  // Without a span of time it is one statement.
  for await (
    const { text, parameters } of selectEvents(sql, {
      view,
      after,
      before,
      rooms,
      types,
      generation,
      order: "asc",
    })
  ) {
    return await sql.unsafe<LoggedEvent[]>(text(columns, limit), [...parameters, limit], { prepare: true });
  }
  return [];
}
/** When the newest event happened, RFC 3339; undefined where there is none. */
export async function readNewestTime(sql: Sql): Promise<string | undefined> {
  const [row] = await sql<{ time: string }[]>`select utc(time) as time from events order by id desc limit 1`;
  return row?.time;
}
