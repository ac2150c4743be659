/**
 * What happened in rooms, in the order in which it happened.
 *
 * That is the order of the log, but for events that were refused at first and replayed later
 * (`"replayed": true`): those stand where their time puts them among the others of their room. An ordinary
 * event stands behind all that the log has before it, even where its clock had gone back.
 *
 * @module
 */
import type { Event } from "../events/event.ts";
import type { RoomEvent } from "../events/record.ts";
import { type Sql, textArray, type Transaction } from "./connect.ts";

/** How far a history is wanted: up to a time (inclusive; RFC 3339), or up to an event. Neither: all of it. */
export interface Moment {
  readonly at?: string | undefined;
  readonly upto?: number | undefined;
}

/** A query of rooms' events, room by room, up to a moment or all of them. */
export function roomHistory(
  sql: Sql | Transaction,
  rooms: readonly string[],
  { at, upto }: Moment = {},
) {
  return sql<(RoomEvent & Pick<Event, "id">)[]>`
    select id, type, room_id, actor_id, peer_id, utc(time) as time, data from (
      select *, data ? 'replayed' as replayed,
        case when data ? 'replayed' then time
          else max(time) filter (where not data ? 'replayed') over (partition by room_id order by id)
        end as moment
      from events
      where room_id = any(${textArray(rooms)}::uuid[])
        and type not in ('message_sent', 'p2p_session_stats')
        ${upto === undefined ? sql`` : sql`and id <= ${upto}`}
    ) history
    where true ${at === undefined ? sql`` : sql`and time <= ${at}::timestamptz`}
    order by room_id, moment, (replayed and type in ('room_created', 'occupant_joined')) desc, id`;
}
