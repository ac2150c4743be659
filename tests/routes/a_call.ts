/**
 * A call that the routes' tests look at: rooms, people and events, stored the way Prosody's are.
 *
 * @module
 */
import type { Sql } from "../../db/connect.ts";
import type { SourceRecord } from "../../events/record.ts";
import { outboxRun, storeAll } from "../db/outbox.ts";
import { roomRecord, uuid } from "../events/history.ts";

export const [ada, bob, eve] = [uuid(1, 1), uuid(1, 2), uuid(1, 3)] as const;
/** `daily` had a life before, and is open; `weekly` is over. */
export const [daily, before, weekly] = [uuid(2, 1), uuid(2, 2), uuid(2, 3)] as const;

/** A moment of the call, in seconds from its start. */
export const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();

export const [dailyRoom, beforeRoom, weeklyRoom] = [[daily, "daily"], [before, "daily"], [weekly, "weekly"]]
  .map((
    [id, name],
  ) => ({
    id: id!,
    jid: `${name}@rooms.talky.test`,
  })) as [Room, Room, Room];
type Room = { id: string; jid: string };

const session = (actor: string, second: number, useragent: string): SourceRecord => ({
  type: "session_started",
  time: at(second),
  actor,
  data: { userid: actor === eve ? "eve@users.talky.test" : `${actor}@guests.talky.test`, useragent },
});
const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
const open = (room: Room, second: number) =>
  roomRecord("room_created", room, at(second), { actor: ada, data: { name: room.jid.split("@")[0] } });
const join = (room: Room, actor: string, second: number) =>
  roomRecord("occupant_joined", room, at(second), { actor, data: { userid: `${actor}@guests.talky.test` } });
const leave = (room: Room, actor: string, second: number) =>
  roomRecord("occupant_left", room, at(second), { actor });

export const call: readonly SourceRecord[] = [
  { type: "epoch_started", time: at(0), data: {} },
  session(ada, 0, ""),
  session(bob, 1, phone),
  open(beforeRoom, 2),
  join(beforeRoom, ada, 2),
  leave(beforeRoom, ada, 3),
  roomRecord("room_destroyed", beforeRoom, at(3)),
  open(dailyRoom, 4),
  join(dailyRoom, ada, 4),
  join(dailyRoom, bob, 5),
  roomRecord("p2p_session_started", dailyRoom, at(6), { actor: ada, peer: bob, data: { sid: "1" } }),
  roomRecord("message_sent", dailyRoom, at(7), { actor: bob, data: { length: 3 } }),
  leave(dailyRoom, bob, 8),
  join(dailyRoom, bob, 9),
  session(eve, 10, ""),
  open(weeklyRoom, 10),
  join(weeklyRoom, eve, 10),
  leave(weeklyRoom, eve, 11),
  roomRecord("room_destroyed", weeklyRoom, at(11)),
  { type: "session_ended", time: at(12), actor: eve, data: {} },
];

/** Stores the call. */
export async function makeCall(sql: Sql): Promise<void> {
  await sql`truncate rooms cascade`;
  await storeAll(sql, outboxRun(call));
}
