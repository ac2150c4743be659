/**
 * The log: the one place where events are appended and read. Ids are dense and given in commit order,
 * because appends take turns on the row of `log_head` (ADR 0002): "everything after id N" is complete
 * the moment it is read.
 *
 * @module
 */
import type { NewEvent } from "../events/event.ts";
import type { LogBounds, LoggedEvent, LogPage } from "../events/event_log.ts";
import type { Sql, Transaction } from "./connect.ts";

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
  const [row] = await sql<[LogBounds]>`select id as head, earliest from log_head`;
  return row;
}

/**
 * Reads events with `after < id <= upTo`, oldest first, at most `limit`. Fewer than `limit` means there is
 * no other match up to `upTo`.
 */
export async function readAfter(
  sql: Sql,
  after: number,
  { upTo, limit, filter = {} }: LogPage,
): Promise<LoggedEvent[]> {
  return await sql<LoggedEvent[]>`
    select id, type, room_id, event_json(e) as json
    from events e
    where id > ${after}
      ${upTo === undefined ? sql`` : sql`and id <= ${upTo}`}
      ${filter.types ? sql`and type = any(${textArray(filter.types)}::text[])` : sql``}
      ${filter.rooms ? sql`and room_id = any(${textArray(filter.rooms)}::uuid[])` : sql``}
    order by id limit ${limit}`;
}

/** An array literal: without type discovery (`fetch_types`) the driver does not make them itself. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}
