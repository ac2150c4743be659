/**
 * A log of years, made by PostgreSQL itself: so many events in seconds.
 *
 * @module
 */
import type { Sql } from "../../db/connect.ts";

/** When the history begins; it lasts a year. */
export const began = Date.parse("2025-01-01T00:00:00Z");

/** How long it lasts, in milliseconds. */
export const lasts = 365 * 24 * 60 * 60 * 1000;

/** The id of the room, of the session with a number. */
export const yearsRoom = (n: number) => uuidOf("a", n);
export const yearsSession = (n: number) => uuidOf("b", n);

/**
 * Appends so many events of a year, in rooms of four people and about sixty events that go on side by side. Types are as in calls: measurements mostly, some so rare that a month has a few. Times do not follow ids: most are
 * off by seconds, one in a thousand was stored days late, and a clock was wrong by years for a while.
 */
export async function generateYears(
  sql: Sql,
  { events, rooms = Math.ceil(events / 60) }: { readonly events: number; readonly rooms?: number },
): Promise<void> {
  const start = new Date(began).toISOString();
  const step = lasts / 1000 / events;
  const uuidSql = (kind: "a" | "b", n: string) =>
    sql.unsafe(`('${kind}0000000-0000-4000-8000-' || lpad(to_hex((${n})::bigint), 12, '0'))::uuid`);
  await sql`select setseed(0.5)`;
  await sql`
    insert into rooms (id, name, jid, created, ended, source)
    select ${uuidSql("a", "n")}, 'room ' || n % 500, 'room\\20' || n % 500 || '@rooms.talky.test',
      made, case when n < ${rooms}::int - 20 then made + interval '40 minutes' + n % 977 * interval '1 second' end, 'a'
    from generate_series(0, ${rooms - 1}::int) n,
      lateral (select ${start}::timestamptz + n * ${
    lasts / 1000 / rooms
  }::float8 * interval '1 second' as made) m`;
  await sql`
    insert into users (sessionid, userid, type, os, browser, useragent, created, ended, source)
    select ${uuidSql("b", "n * 4 + i")}, 'u' || (n * 7 + i) % 5003 || '@users.talky.test',
      case when (n + i) % 97 = 0 then 'mobile' else 'browser' end, 'Linux', 'Chrome 140', 'Mozilla/5.0',
      made, case when n < ${rooms}::int - 20 then made + interval '35 minutes' end, 'a'
    from generate_series(0, ${rooms - 1}::int) n, generate_series(0, 3) i,
      lateral (select ${start}::timestamptz + n * ${
    lasts / 1000 / rooms
  }::float8 * interval '1 second' as made) m`;
  await sql`
    insert into occupants (room_id, sessionid, userid, joined, "left")
    select ${uuidSql("a", "n")}, ${
    uuidSql("b", "n * 4 + i")
  }, 'u' || (n * 7 + i) % 5003 || '@users.talky.test',
      made + i * interval '20 seconds', case when n < ${rooms}::int - 20 then made + interval '35 minutes' end
    from generate_series(0, ${rooms - 1}::int) n, generate_series(0, 3) i,
      lateral (select ${start}::timestamptz + n * ${
    lasts / 1000 / rooms
  }::float8 * interval '1 second' as made) m`;
  // In runs, as ingest appends.
  const run = 50_000;
  for (let first = 1; first <= events; first += run) {
    await sql`
      insert into events (id, type, room_id, actor_id, peer_id, time, data)
      select n, type, case when n % 1000 <> 7 then ${uuidSql("a", "room")} end,
        ${uuidSql("b", "room * 4 + n % 4")},
        case when type like 'p2p%' then ${uuidSql("b", "room * 4 + (n + 1) % 4")} end,
        ${start}::timestamptz + n * ${step}::float8 * interval '1 second' + case
          when n % 1000 = 500 then random() * -5 * interval '1 day'
          when n between ${Math.floor(events / 3)}::bigint and ${
      Math.floor(events / 3) + 5
    }::bigint then interval '9 years'
          else (random() - 0.5) * interval '10 seconds' end,
        case type when 'p2p_session_stats' then jsonb_build_object('bytesReceived', n * 977, 'packetsLost', n % 13,
          'jitter', 0.0125, 'roundTripTime', 0.031, 'kind', 'video', 'ssrc', n * 7919)
        else jsonb_build_object('sid', 'a' || n, 'userid', 'u@users.talky.test') end
      from generate_series(${first}::bigint, ${Math.min(events, first + run - 1)}::bigint) n,
        lateral (select least(${rooms}::int - 1, greatest(0, (n * ${rooms}::bigint / ${events}::bigint) - (random() * 15)::int)) as room,
          (n * 7919 + n / 11) % 10007 as dice) d,
        lateral (select case
          when dice < 2 then 'room_unlocked' when dice < 5 then 'room_locked' when dice < 20 then 'screencapture_started'
          when dice < 35 then 'screencapture_ended' when dice < 45 then 'rtt_enabled' when dice < 55 then 'rtt_disabled'
          when dice < 200 then 'room_created' when dice < 345 then 'room_destroyed' when dice < 900 then 'occupant_joined'
          when dice < 1450 then 'occupant_left' when dice < 1900 then 'p2p_session_started'
          when dice < 2350 then 'p2p_session_ended' when dice < 2700 then 'audio_paused'
          when dice < 3050 then 'audio_resumed' when dice < 3200 then 'video_paused' when dice < 3350 then 'video_resumed'
          when dice < 4000 then 'message_sent' else 'p2p_session_stats' end as type) t`;
  }
  await sql`update log_head set id = ${events}`;
  await sql`analyze`;
}

// ---

function uuidOf(kind: "a" | "b", n: number): string {
  return `${kind}0000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}
