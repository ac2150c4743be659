/**
 * Several rooms over a span of time: their timelines, what was measured in them, and who was lost.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import type { Loss } from "../quality/incident.ts";
import type { LoggedReading } from "../quality/sample.ts";
import { type Timeline, timelineOf } from "../quality/timeline.ts";
import { type Sql, textArray } from "./connect.ts";
import { selectEvents } from "./event_selection.ts";
import { readingsBetween } from "./readings.ts";
import { roomHistory } from "./room_history.ts";
import { showsRoom } from "./view.ts";

/** A span of time, in milliseconds since 1970. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** A room over a span of time: its timeline up to the end, and what was measured within. */
export interface RoomSpan {
  readonly room: string;
  readonly timeline: Timeline;
  readonly readings: readonly LoggedReading[];
}

/**
 * Reads rooms over a span of time. `complete`: whether all that was measured is there; where it is not, the newest
 * is. `people`: only what was measured by them, or of them.
 */
export async function readSpans(
  sql: Sql,
  rooms: readonly string[],
  { from, to }: TimeSpan,
  people?: readonly string[],
): Promise<{ readonly spans: readonly RoomSpan[]; readonly complete: boolean }> {
  if (rooms.length === 0) return { spans: [], complete: true };
  const [events, readings] = await Promise.all([
    roomHistory(sql, rooms, { at: new Date(to).toISOString() }),
    // A sample begins one reading earlier.
    readingsBetween(sql, { rooms, from: from - 15_000, to, people, limit: mostReadings + 1 }),
  ]);
  const histories = Map.groupBy(events, ({ room_id }) => room_id);
  const measured = Map.groupBy(readings.slice(-mostReadings), ({ room_id }) => room_id);
  const spans = rooms.map((room) => ({
    room,
    timeline: timelineOf(histories.get(room) ?? []),
    readings: measured.get(room) ?? [],
  }));
  return { spans, complete: readings.length <= mostReadings };
}

/** The newest rooms of a view that were open within a span of time; of those that had ended, within two days. */
export async function roomsWithin(
  sql: Sql,
  { from, to }: TimeSpan,
  view: View,
): Promise<{ readonly ids: readonly string[]; readonly complete: boolean }> {
  const [begin, end] = [new Date(from).toISOString(), new Date(to).toISOString()];
  const rows = await sql<{ id: string }[]>`
    select id from (
      (select id, created from rooms where created < ${end}::timestamptz and ended is null
        and ${showsRoom(sql, "id", view)} order by created desc, id desc limit ${mostRooms + 1})
      union
      (select id, created from rooms
        where created < ${end}::timestamptz and created > ${begin}::timestamptz - interval '2 days'
          and ended > ${begin}::timestamptz and ${showsRoom(sql, "id", view)}
        order by created desc, id desc limit ${mostRooms + 1})
    ) within order by created desc, id desc limit ${mostRooms + 1}`;
  return { ids: rows.slice(0, mostRooms).map(({ id }) => id), complete: rows.length <= mostRooms };
}

/** Who lost their connection, or was found gone after a crash, within a span of time. The first so many. */
export async function findLosses(
  sql: Sql,
  { from, to }: TimeSpan,
  view: View,
): Promise<{ readonly losses: readonly Loss[]; readonly complete: boolean }> {
  const filter = {
    ...{ view, types: ["occupant_left"], order: "asc" as const },
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  };
  const found: {
    id: number;
    cause: string | null;
    reconciled: boolean;
    time: string;
    room: string;
    actor: string;
  }[] = [];
  for await (const { text, parameters } of selectEvents(sql, filter)) {
    const rest = mostLosses + 1 - found.length;
    const columns = `(e).id, (e).data->>'cause' as cause, (e).data ? 'reconciled' as reconciled,
      utc((e).time) as time, (e).room_id::text as room, (e).actor_id::text as actor`;
    found.push(
      ...await sql.unsafe<typeof found>(text(columns, rest), [...parameters, rest], { prepare: true }),
    );
    if (found.length > mostLosses) break;
  }
  const losses = found.slice(0, mostLosses).filter(({ cause, reconciled }) =>
    cause === "disconnected" || reconciled
  );
  const sessions = textArray([...new Set(losses.map(({ actor }) => actor))]);
  const users = await sql<{ sessionid: string; userid: string }[]>`
    select distinct on (s.sessionid) s.sessionid, o.userid
    from unnest(${sessions}::uuid[]) s (sessionid) join occupants o on o.sessionid = s.sessionid`;
  const names = new Map(users.map(({ sessionid, userid }) => [sessionid, userid]));
  return {
    losses: losses.map(({ id, time, room, actor, reconciled }) => ({
      ...{ id, reconciled, room_id: room, sessionid: actor, time: Date.parse(time) },
      userid: names.get(actor) ?? actor,
    })),
    complete: found.length <= mostLosses,
  };
}

// ---

/** Bounds of one question. */
const mostRooms = 50;
const mostLosses = 5000;
const mostReadings = 100_000;
