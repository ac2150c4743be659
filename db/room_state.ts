/**
 * A room as it was at a moment: its events up to there, folded.
 *
 * @module
 */
import { advance, emptyRoom, type RoomState } from "../events/room_state.ts";
import type { Sql, Transaction } from "./connect.ts";
import { roomHistory } from "./room_history.ts";

/** Folds a room's events up to a time (inclusive; RFC 3339), or all of them. Reads in pages. */
export async function readRoomState(sql: Sql | Transaction, room: string, at?: string): Promise<RoomState> {
  const state = emptyRoom();
  for await (const page of roomHistory(sql, [room], at).cursor(1000)) {
    for (const event of page) advance(state, event);
  }
  return state;
}
