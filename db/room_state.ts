/**
 * A room as it was at a moment: its events up to there, folded.
 *
 * @module
 */
import { advance, emptyRoom, type RoomState, type StateEvent } from "../events/room_state.ts";
import type { Sql, Transaction } from "./connect.ts";

/** Folds a room's events up to a time (inclusive; RFC 3339), or all of them. Reads in pages. */
export async function readRoomState(sql: Sql | Transaction, room: string, at?: string): Promise<RoomState> {
  const state = emptyRoom();
  const pages = sql<StateEvent[]>`
    select type, actor_id, peer_id, utc(time) as time, data from events
    where room_id = ${room} and type not in ('message_sent', 'p2p_session_stats')
      ${at === undefined ? sql`` : sql`and time <= ${at}::timestamptz`}
    order by id`.cursor(1000);
  for await (const page of pages) {
    for (const event of page) advance(state, event);
  }
  return state;
}
