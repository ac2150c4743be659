/**
 * A room as it was at a moment: its events up to there, folded.
 *
 * @module
 */
import { advance, emptyRoom, type RoomState } from "../events/room_state.ts";
import type { Sql, Transaction } from "./connect.ts";
import { type Moment, roomHistory } from "./room_history.ts";

/** Folds a room's events up to a moment, or all of them. Reads in pages. */
export async function readRoomState(
  sql: Sql | Transaction,
  room: string,
  moment?: Moment,
): Promise<RoomState> {
  const state = emptyRoom();
  for await (const page of roomHistory(sql, [room], moment).cursor(1000)) {
    for (const event of page) advance(state, event);
  }
  return state;
}
