/**
 * How full ended rooms were: kept with the rooms, so that statistics of months need not look at everybody who was
 * there. What is missing is computed where it is asked for, so code that changes a stay only has to say so.
 *
 * @module
 */
import type { Sql, Transaction } from "./connect.ts";
import { textArray } from "./connect.ts";

/**
 * Piece of a query: the figures of a room, whose id is `room`, from its stays. `until` is when a stay ends that goes
 * on.
 */
export const figuresOf = (room: string, until: string) => `
  select coalesce(max(people), 0)::int as peak, coalesce(sum(seconds), 0)::float8 as stayed from (
    select sum(change) over (order by moment, change) as people, seconds from occupants o,
      lateral (values (joined, 1, extract(epoch from coalesce("left", ${until}) - joined)), ("left", -1, 0))
        as moves (moment, change, seconds)
    where o.room_id = ${room} and moment is not null) changes`;

/** Says that the stays in these rooms have changed. */
export async function forgetRoomFigures(tx: Transaction, rooms: Iterable<string>): Promise<void> {
  const ids = [...new Set(rooms)];
  if (ids.length > 0) {
    await tx`
      update rooms set peak = null, stayed = null where id = any(${
      textArray(ids)
    }::uuid[]) and peak is not null`;
  }
}

/** Where a search for rooms without figures has come to. */
export interface FiguresProgress {
  /** Rooms that were created before are done. RFC 3339; absent at first. */
  done?: string;
}

/** Makes the figures of ended rooms that have none, some at a time. */
export async function makeRoomFigures(sql: Sql, progress: FiguresProgress): Promise<void> {
  let after = progress.done ?? "-infinity";
  const [open] = await sql<[{ first: string }]>`
    select coalesce(min(created), now())::text as first from rooms where ended is null`;
  while (true) {
    const [page] = await sql<[{ count: number; last: string }]>`
      with page as (
        select id, created, ended, peak from rooms where created >= ${after}::text::timestamptz order by created limit ${roomsAtOnce}
      ), made as (
        update rooms r set peak = f.peak, stayed = f.stayed
        from page p cross join lateral (${sql.unsafe(figuresOf("p.id", "p.ended"))}) f
        where r.id = p.id and p.ended is not null and p.peak is null and r.ended = p.ended
      )
      select count(*) as count, coalesce(max(created), now())::text as last from page`;
    // As many that were made at one moment would keep us here.
    if (page.count < roomsAtOnce || page.last === after) break;
    after = page.last;
  }
  progress.done = open.first;
}

// ---

const roomsAtOnce = 2000;
