/**
 * Forgetting what is older than an operator keeps: events from the log's beginning, by the time of their storing, and
 * the rooms and sessions of which nothing is left (ADR 0021).
 *
 * First `earliest` moves, for everybody to see; the rows go a round later, when readers that were before it have heard
 * so. Ids stay as they are: what is left is as dense as it was.
 *
 * @module
 */
import type { Sql } from "./connect.ts";
import { transaction } from "./transaction.ts";

/** What a round has forgotten. */
export interface Forgotten {
  readonly events: number;
  readonly rooms: number;
  readonly sessions: number;
  /** The first event that is kept. */
  readonly earliest: number;
  /** The hold that keeps events which would be forgotten otherwise. */
  readonly heldBy: string | undefined;
}

/** Notes how far the log has grown by now, once an hour. */
export async function markLog(sql: Sql): Promise<void> {
  await sql`
    insert into log_marks (head)
    select id from log_head
    where id > coalesce((select max(head) from log_marks), 0)
      and not exists (select from log_marks where time > now() - interval '1 hour')
    on conflict do nothing`;
}

/**
 * One round: removes the rows that lie before `earliest` already, then moves it past what was stored more than `days`
 * days ago. Without days it removes nothing more than what was decided before.
 */
export async function forgetOldEvents(sql: Sql, days: number | undefined): Promise<Forgotten> {
  const events = await removeEvents(sql);
  const { earliest, heldBy } = days === undefined ? await unmoved(sql) : await moveEarliest(sql, days);
  // Rooms and sessions follow their events.
  const follow = events > 0 && days !== undefined;
  const rooms = follow ? await removeRooms(sql, days) : 0;
  const sessions = follow ? await removeSessions(sql, days) : 0;
  return { events, rooms, sessions, earliest, heldBy };
}

// ---

/** Rows removed by a statement, so that none takes long. */
const atOnce = 5000;
/** Statements of a round. */
const mostStatements = 200;

async function unmoved(sql: Sql): Promise<Pick<Forgotten, "earliest" | "heldBy">> {
  const [{ earliest }] = await sql<[{ earliest: number }]>`select earliest from log_head`;
  return { earliest, heldBy: undefined };
}

/** Moves `earliest` on, as far as days and holds let it. */
async function moveEarliest(sql: Sql, days: number): Promise<Pick<Forgotten, "earliest" | "heldBy">> {
  return await transaction(sql, async (tx) => {
    // Adding a hold waits until it is clear what is left to be held.
    await tx`lock table holds in share mode`;
    const [{ due, held, name }] = await tx<[{ due: number; held: number | null; name: string | null }]>`
      select coalesce(
          (select max(head) from log_marks where time < now() - make_interval(days => ${days})), 0) as due,
        h.after as held, h.name
      from (select 1) one left join (select name, after from holds order by after, name limit 1) h on true`;
    const upTo = held !== null && held < due ? held : due;
    const [{ earliest }] = await tx<[{ earliest: number }]>`
      with moved as (
        update log_head set earliest = ${upTo} + 1 where earliest < ${upTo} + 1 returning earliest)
      select coalesce((select earliest from moved), earliest) as earliest from log_head`;
    // The newest of those that are over says from when on the rest is kept.
    await tx`delete from log_marks where head < ${upTo}`;
    return { earliest, heldBy: held !== null && held < due ? name! : undefined };
  });
}

async function removeEvents(sql: Sql): Promise<number> {
  const rows = (statement: number) =>
    statement < mostStatements
      ? sql<{ id: number }[]>`
        delete from events where id in (
          select id from events where id < (select earliest from log_head) order by id limit ${atOnce})
        returning id`
      : [];
  const removed = await countAll(rows);
  if (removed > 0) {
    // A block is removed when all of it is before: ids are told by their upper bits.
    await sql`delete from event_times where block < (select earliest >> 10 from log_head)`;
  }
  return removed;
}

/** Rooms that ended as long ago, and of which the log tells nothing any more. */
async function removeRooms(sql: Sql, days: number): Promise<number> {
  return await countAll((statement) =>
    statement < mostStatements
      ? sql<{ id: string }[]>`
        with gone as (
          delete from rooms where id in (
            select id from rooms r where ended < now() - make_interval(days => ${days})
              and not exists (select from events where room_id = r.id) limit 500)
          returning id
        ), stays as (delete from occupants where room_id in (select id from gone))
        select id from gone`
      : []
  );
}

/** Sessions that are over as long, of which neither the log nor a room tells. */
async function removeSessions(sql: Sql, days: number): Promise<number> {
  return await countAll((statement) =>
    statement < mostStatements
      ? sql<{ sessionid: string }[]>`
        delete from users where sessionid in (
          select sessionid from users u
          where (ended < now() - make_interval(days => ${days})
              or ended is null and source is null and created < now() - make_interval(days => ${days}))
            and not exists (select from events where actor_id = u.sessionid)
            and not exists (select from events where peer_id = u.sessionid)
            and not exists (select from occupants where sessionid = u.sessionid) limit 500)
        returning sessionid`
      : []
  );
}

/** Does it until it finds nothing. Returns how many rows it was. */
async function countAll(
  next: (statement: number) => PromiseLike<readonly unknown[]> | readonly unknown[],
): Promise<number> {
  let count = 0;
  for (let statement = 0;; statement++) {
    const { length } = await next(statement);
    if (length === 0) return count;
    count += length;
  }
}
