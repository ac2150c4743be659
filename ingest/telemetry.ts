/**
 * Telemetry: what a client measured and reports over REST. An item becomes an event when the actor (the
 * bearer) was in the room with the peer; else it is refused with its reason, and the others go on.
 *
 * @module
 */
import { z } from "zod";
import { faultsText } from "../events/faults.ts";
import { Id, type NewEvent, Time } from "../events/event.ts";
import { deepest, isTooDeep, pruned } from "../events/nesting.ts";
import { isStorable } from "../events/storable.ts";
import type { Refusal } from "../events/submission.ts";
import {
  AbsurdMeasurement,
  isMeasurement,
  measuredAt,
  Measurement,
  readMeasurement,
} from "../quality/measurement.ts";

/** Most items of a batch, and most bytes of one, as JSON. */
export const mostItems = 200;
export const largestItem = 32 * 1024;

/** A reported time further off than this, in milliseconds, is corrected to the server's. */
export const clockTolerance = { ahead: 60_000, behind: 60 * 60_000 } as const;

/** Why an item was refused. */
export interface Rejection {
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/** Who was in which rooms: what an item is checked against. */
export interface Presence {
  /** Sessions that were in a room while the actor was, by room id; rooms that it never was in are absent. */
  readonly sessions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A batch, sorted. */
export interface Telemetry {
  readonly events: NewEvent[];
  readonly rejections: Rejection[];
  /** The rejections with the items as they came, to be kept. */
  readonly refusals: Refusal[];
}

/** The room ids that a batch names, to look up. */
export function roomsOf(batch: readonly unknown[]): string[] {
  const rooms = batch.flatMap((item) => {
    const parsed = Item.safeParse(item);
    return parsed.success ? [parsed.data.room_id] : [];
  });
  return [...new Set(rooms)];
}

/**
 * How much later than the client's clock says a batch has arrived, in milliseconds: by when it was sent, or else by
 * its newest measurement, which may have waited. Undefined where nothing in it tells.
 */
export function latenessOf(batch: readonly unknown[], now: number): number | undefined {
  const told = batch.flatMap((item) => {
    const { data } = Item.safeParse(item).data ?? {};
    const measurement = data && isMeasurement(data) ? Measurement.safeParse(data).data : undefined;
    const moment = measurement && (measurement.sent ?? measuredAt(measurement));
    return moment === undefined || moment < earliestClock ? [] : [moment];
  });
  return told.length === 0 ? undefined : now - told.reduce((a, b) => Math.max(a, b));
}

/** When a batch came, by our clock, and how far that is ahead of the client's where this is known. Milliseconds. */
export interface Arrival {
  readonly now: number;
  readonly ahead?: number | undefined;
}

/** Sorts a batch into events and refusals. */
export function readTelemetry(
  batch: readonly unknown[],
  actor: string,
  presence: Presence,
  arrival: Arrival,
): Telemetry {
  const result: Telemetry = { events: [], rejections: [], refusals: [] };
  batch.forEach((item, index) => {
    const verdict = readItem(item, actor, presence, arrival);
    if ("type" in verdict) return void result.events.push(verdict);
    result.rejections.push({ index, ...verdict });
    // PostgreSQL's text cannot hold NUL.
    const record = textOf(item).replaceAll("\u0000", "\uFFFD").slice(0, largestItem).toWellFormed();
    result.refusals.push({ ...verdict, record });
  });
  return result;
}

/** An item as JSON, as far as JSON can be written: not what is nested too deep. */
export function textOf(item: unknown): string {
  return JSON.stringify(isTooDeep(item) ? pruned(item) : item) ?? "null";
}

// ---

/** A peer may also be named as the client knows it: `room@host/session id`. */
const SessionRef = z.string().transform((value) => value.slice(value.lastIndexOf("/") + 1)).pipe(Id);

const Item = z.preprocess(
  // The SDK writes roomId and peerId, and `data` as a JSON string.
  (item) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    const { roomId, peerId, ...rest } = item as Record<string, unknown>;
    return {
      ...rest,
      room_id: rest["room_id"] ?? roomId,
      peer_id: rest["peer_id"] ?? peerId ?? undefined,
      data: parseData(rest["data"]),
    };
  },
  z.object({
    type: z.literal("p2p_session_stats", {
      error: "clients report p2p_session_stats only; the server sees the other types itself",
    }).default("p2p_session_stats"),
    room_id: Id,
    peer_id: SessionRef.optional(),
    time: Time.optional(),
    data: z.record(z.string(), z.unknown()),
  }),
);

function parseData(data: unknown): unknown {
  if (typeof data !== "string") return data;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

function readItem(
  item: unknown,
  actor: string,
  { sessions }: Presence,
  arrival: Arrival,
): NewEvent | { code: string; message: string } {
  if (isTooDeep(item)) return tooDeep;
  const text = textOf(item);
  const size = new TextEncoder().encode(text).length;
  if (size > largestItem) {
    return { code: "item_too_large", message: `${size} bytes; an item has at most ${largestItem}` };
  }
  const parsed = Item.safeParse(item);
  if (!parsed.success) return { code: "invalid_item", message: describe(parsed.error) };
  const { type, room_id, peer_id, time, data } = parsed.data;
  // It may have come as a string.
  if (isTooDeep(data)) return tooDeep;
  if (!isStorable(text) || !isStorable(JSON.stringify(data))) {
    return {
      code: "unstorable_character",
      message: "the item contains a NUL character or half a surrogate pair",
    };
  }
  const present = sessions.get(room_id);
  if (!present) {
    return { code: "unknown_room", message: "there is no such room, or the session was never in it" };
  }
  if (peer_id !== undefined && !present.has(peer_id)) {
    return { code: "unknown_peer", message: "the peer was not in this room while the session was" };
  }
  let measured: number | undefined;
  try {
    const measurement = readMeasurement(data);
    measured = measurement === null ? undefined : measuredAt(measurement);
  } catch (error) {
    if (!(error instanceof AbsurdMeasurement)) throw error;
    return { code: "absurd_measurement", message: error.message };
  }
  const by = { type, room_id, actor_id: actor, peer_id: peer_id ?? null };
  return { ...by, ...timed(momentOf(time, measured, arrival), data, arrival.now) };
}

/** A clock that is before this tells of when the page was loaded, not of the day. */
const earliestClock = Date.UTC(2020);

/** When an item was measured, by our clock as far as that is known; else what it says itself. */
function momentOf(
  time: string | undefined,
  measured: number | undefined,
  { ahead }: Arrival,
): string | undefined {
  if (measured === undefined || ahead === undefined || measured < earliestClock) return time;
  const moment = new Date(measured + ahead);
  return Number.isNaN(moment.getTime()) ? time : moment.toISOString();
}

/** The time of an event, by a clock that can be trusted; what the client said is kept where it cannot. */
function timed(
  time: string | undefined,
  data: Record<string, unknown>,
  now: number,
): Pick<NewEvent, "time" | "data"> {
  if (time === undefined) return { time: new Date(now).toISOString(), data };
  const offset = Date.parse(time) - now;
  if (offset <= clockTolerance.ahead && -offset <= clockTolerance.behind) return { time, data };
  return { time: new Date(now).toISOString(), data: { ...data, reported_time: time } };
}

const tooDeep = {
  code: "nested_too_deep",
  message: `nested deeper than ${deepest} arrays and objects within each other`,
};

/** Cut, for what is wrong may be named in the client's words. */
function describe(error: z.ZodError): string {
  return faultsText(error.issues, "item").slice(0, 500).toWellFormed();
}
