/**
 * What the recorder's tests hand over, and where it goes.
 *
 * @module
 */
import { isRefusedData, type Sql } from "../../db/connect.ts";
import type { Submission } from "../../events/submission.ts";
import type { NewEvent } from "../../events/event.ts";
import type { RecorderPort } from "../../ingest/recorder.ts";
import { storeAll } from "../db/outbox.ts";
import { roomRecord, uuid } from "../events/history.ts";

export const room = { id: uuid(2, 1), jid: "daily@rooms.talky.test" };
export const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n).toISOString();
export const created = roomRecord("room_created", room, at(0), { data: { name: "daily" } });
export const message = (n: number, data: Record<string, unknown> = { length: n }) =>
  roomRecord("message_sent", room, at(n), { actor: uuid(1, 1), data });
export const messages = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => message(from + i));
export const telemetry = (...events: Partial<NewEvent>[]): Submission => ({
  origin: "telemetry",
  sessionid: uuid(1, 1),
  refusals: [],
  events: events.map((event) => ({
    type: "p2p_session_stats",
    room_id: null,
    actor_id: uuid(1, 1),
    peer_id: null,
    time: at(0),
    data: {},
    ...event,
  })),
});

/** The database's port, which counts its groups and fails when told to. */
export function port(sql: Sql) {
  const groups: number[] = [];
  const failures: Error[] = [];
  const store: RecorderPort["store"] = async (submissions) => {
    groups.push(submissions.length);
    const failure = failures.shift();
    if (failure) throw failure;
    return await storeAll(sql, ...submissions);
  };
  return { groups, failures, store, isRefusedData };
}

/** What became of submissions. */
export async function outcomes(promises: readonly Promise<unknown>[]): Promise<string[]> {
  return (await Promise.allSettled(promises)).map(({ status }) => status);
}
