/**
 * Reading what was refused again, by the rules of today: a fix may have made it valid.
 *
 * @module
 */
import { readCompany } from "../db/presence.ts";
import type { Reread } from "../db/replay.ts";
import { readLine } from "./outbox_batch.ts";
import { readTelemetry, roomsOf } from "./telemetry.ts";

/** Reads a refused line of an outbox, or a refused item of a session's telemetry as of when it came. */
export const reread: Reread = async (tx, { origin, origin_ref, record, time }) => {
  if (origin === "outbox") return readLine(1, record);
  let item: unknown;
  try {
    item = JSON.parse(record);
  } catch {
    return { refusal: { code: "not_json", message: "what was kept is not JSON: it was too large to keep" } };
  }
  const sessions = await readCompany(tx, origin_ref, roomsOf([item]));
  const arrival = { now: Date.parse(time) };
  const { events: [event], refusals } = readTelemetry([item], origin_ref, { sessions }, arrival);
  return event ? { event } : { refusal: refusals[0]! };
};
