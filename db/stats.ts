/**
 * Figures over rooms, computed where the rows are.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import type { Sql } from "./connect.ts";
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
       from events join rooms on rooms.id = room_id
       where rooms.ended is null and ${
    showsRoom(sql, "rooms.id", view)
  } and type in ('p2p_session_started', 'p2p_session_ended')) as p2p_sessions
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
  const [row] = await sql<[{ json: string }]>`
    with span as (select ${from}::timestamptz as "from", ${to}::timestamptz as "to"),
    -- Every change of the number of people in a room, and that number after it.
    changes as (
      select room_id, moment, sum(change) over (partition by room_id order by moment, change) as people
      from (
        select room_id, joined as moment, 1 as change from occupants
        union all
        select room_id, "left", -1 from occupants where "left" is not null
      ) moves
      where room_id in (select id from rooms, span where created >= span."from" and created < span."to"
        and ${showsRoom(sql, "rooms.id", view)})
    ),
    figures as (
      select r.id, date_trunc(${bucket}, r.created, 'UTC') as bucket, r.ended,
        extract(epoch from r.ended - r.created) as seconds,
        (select max(people) from changes c where c.room_id = r.id) as peak,
        (select sum(extract(epoch from coalesce(o."left", now()) - o.joined)) from occupants o where o.room_id = r.id)
          / nullif(extract(epoch from coalesce(r.ended, now()) - r.created), 0) as average
      from rooms r, span where r.created >= span."from" and r.created < span."to"
        and ${showsRoom(sql, "r.id", view)}
    ),
    grouped as (
      select bucket, grouping(bucket) as whole,
        count(*) as created, count(ended) as ended,
        coalesce(max(peak), 0) as peak_occupants,
        round(coalesce(avg(average), 0)::numeric, 2) as average_occupants,
        round((percentile_cont(0.5) within group (order by seconds))::numeric, 3) as p50,
        round((percentile_cont(0.9) within group (order by seconds))::numeric, 3) as p90,
        round((percentile_cont(0.99) within group (order by seconds))::numeric, 3) as p99
      from figures group by grouping sets ((bucket), ())
    )
    select row_to_json(shown)::text as json from (
      select utc(span."from") as "from", utc(span."to") as "to", ${bucket}::text as bucket,
        created, ended, peak_occupants, average_occupants,
        json_build_object('p50', p50, 'p90', p90, 'p99', p99) as duration_seconds,
        (select coalesce(json_agg(json_build_object(
            'start', utc(bucket), 'created', created, 'ended', ended, 'peak_occupants', peak_occupants,
            'average_occupants', average_occupants,
            'duration_seconds', json_build_object('p50', p50, 'p90', p90, 'p99', p99)) order by bucket), '[]')
          from grouped where whole = 0) as buckets
      from grouped, span where whole = 1
    ) shown`;
  return row.json;
}
