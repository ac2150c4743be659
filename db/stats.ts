/**
 * Figures over rooms, computed where the rows are.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import type { Sql } from "./connect.ts";
import { figuresOf } from "./room_figures.ts";
import { showsRoom, showsSession } from "./view.ts";

/** A span of time, RFC 3339: from (inclusive) to (exclusive). */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** What is going on now of what a view shows, as JSON. */
export async function readNow(sql: Sql, view: View): Promise<string> {
  const [row] = await sql<[{ json: string }]>`
    select row_to_json(shown)::text as json from (select
      utc(now()) as time,
      (select count(*) from rooms where ended is null and ${showsRoom(sql, "id", view)}) as rooms,
      (select count(*) from occupants where "left" is null and ${
    showsRoom(sql, "room_id", view)
  }) as occupants,
      (select count(*) from users u where ended is null and ${
    showsSession(sql, "u.sessionid", view)
  }) as sessions,
      -- Of open rooms only: their p2p sessions are few, whatever the history holds.
      (select count(*) filter (where type = 'p2p_session_started')
            - count(*) filter (where type = 'p2p_session_ended')
       from rooms cross join lateral (
         select type from events e where e.room_id = rooms.id
           and type in ('p2p_session_started', 'p2p_session_ended') offset 0) of_room
       where rooms.ended is null and ${showsRoom(sql, "rooms.id", view)}) as p2p_sessions
    ) shown`;
  return row.json;
}

/** Figures of a span, as a whole and by `bucket`, as JSON. Rooms count by when they were created. */
export async function readRoomStats(
  sql: Sql,
  { from, to }: Span,
  bucket: "hour" | "day",
  view: View,
): Promise<string> {
  const live = sql.unsafe(figuresOf("r.id", "now()"));
  const [row] = await sql<[{ json: string }]>`
    with span as (select ${from}::timestamptz as "from", ${to}::timestamptz as "to"),
    figures as (
      select date_trunc(${bucket}, created, 'UTC') as bucket, ended,
        extract(epoch from ended - created)::float8 as seconds,
        coalesce(peak, (select f.peak from (${live}) f)) as peak,
        coalesce(stayed, (select f.stayed from (${live}) f))
          / nullif(extract(epoch from coalesce(ended, now()) - created)::float8, 0) as average
      from rooms r, span
      where r.created >= span."from" and r.created < span."to" and ${showsRoom(sql, "r.id", view)}
    ),
    grouped as (
      select bucket, grouping(bucket) as whole,
        count(*) as created, count(ended) as ended,
        coalesce(max(peak), 0) as peak_occupants,
        round(coalesce(avg(average), 0)::numeric, 2) as average_occupants,
        percentile_cont(array[0.5, 0.9, 0.99]) within group (order by seconds) as percentiles
      from figures group by grouping sets ((bucket), ())
    ),
    rounded as (
      select *, round(percentiles[1]::numeric, 3) as p50, round(percentiles[2]::numeric, 3) as p90,
        round(percentiles[3]::numeric, 3) as p99
      from grouped
    )
    select row_to_json(shown)::text as json from (
      select utc(span."from") as "from", utc(span."to") as "to", ${bucket}::text as bucket,
        created, ended, peak_occupants, average_occupants,
        json_build_object('p50', p50, 'p90', p90, 'p99', p99) as duration_seconds,
        (select coalesce(json_agg(json_build_object(
            'start', utc(bucket), 'created', created, 'ended', ended, 'peak_occupants', peak_occupants,
            'average_occupants', average_occupants,
            'duration_seconds', json_build_object('p50', p50, 'p90', p90, 'p99', p99)) order by bucket), '[]')
          from rounded where whole = 0) as buckets
      from rounded, span where whole = 1
    ) shown`;
  return row.json;
}
