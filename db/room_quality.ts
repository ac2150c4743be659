/**
 * What is known of a room around a moment: its events as a timeline, and what was measured.
 *
 * @module
 */
import { measuredIn } from "../quality/direction.ts";
import type { Thresholds } from "../quality/thresholds.ts";
import { type Timeline, timelineOf } from "../quality/timeline.ts";
import type { Known } from "../quality/why.ts";
import type { Sql } from "./connect.ts";
import { readingsBetween } from "./readings.ts";
import { type Moment, roomHistory } from "./room_history.ts";

/** The time of a room's last event up to one; of the room's beginning where there is none. */
export async function timeOf(sql: Sql, room: string, upto = Number.MAX_SAFE_INTEGER): Promise<string> {
  const [row] = await sql<{ time: string }[]>`
    select utc(coalesce((select time from events where room_id = r.id and id <= ${upto}
      order by id desc limit 1), r.created)) as time
    from rooms r where r.id = ${room}`;
  return row?.time ?? new Date(0).toISOString();
}

/** A room's timeline up to a moment, or all of it. */
export async function readTimeline(sql: Sql, room: string, moment?: Moment): Promise<Timeline> {
  return timelineOf(await roomHistory(sql, [room], moment));
}

/**
 * What is known of a room at a moment, and when that was (milliseconds since 1970). `people`: only what was measured
 * by them, or of them.
 */
export async function readKnown(
  sql: Sql,
  room: string,
  { at, upto }: Moment,
  { people, thresholds }: { readonly people?: readonly string[]; readonly thresholds: Thresholds },
): Promise<{ readonly known: Known; readonly moment: number }> {
  const time = at ?? await timeOf(sql, room, upto);
  const moment = Date.parse(time);
  const [timeline, readings] = await Promise.all([
    readTimeline(sql, room, { at, upto }),
    readingsBetween(sql, {
      ...{ rooms: [room], from: moment - before, to: moment + after, upto, limit: mostReadings },
      ...people && { people },
    }),
  ]);
  return { known: { timeline, measured: measuredIn(readings), thresholds }, moment };
}

// ---

/** What is read around a moment, in milliseconds: four samples before it, one after. */
const before = 50_000;
const after = 16_000;

/** Most readings of one question: a minute of fifty people. */
const mostReadings = 100_000;
