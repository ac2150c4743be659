/**
 * Records: what a source (a Prosody node) says happened. The format is written down in
 * `prosody/README.md`; the examples in `tests/fixtures/records.ndjson` are read by the Lua tests and by
 * the TypeScript ones, so the two sides cannot drift apart.
 *
 * Seventeen record types are events that enter the log. Three more are about the source and its
 * sessions: they change tables, not the log.
 *
 * @module
 */
import { z } from "zod";
import { type EventType, Id, type NewEvent, payloads, Time } from "./event.ts";

/** The room a record speaks of. Every record of a room carries it, so any of them can be read alone. */
export const RecordRoom = z.strictObject({
  /** One per life of the room. */
  id: Id,
  /** Its bare JID; the node part is its name, escaped (ADR 0011). */
  jid: z.string().min(3).max(3071).regex(/^[^@/\s]+@[^@/\s]+$/, "not a room's bare JID: name@host"),
});

const actor = Id;

function roomEvent<T extends Exclude<EventType, "p2p_session_stats">>(type: T) {
  return z.strictObject({
    type: z.literal(type),
    time: Time,
    room: RecordRoom,
    actor: actor.optional(),
    peer: Id.optional(),
    data: payloads[type],
  });
}

/** An event type that must say who did it. */
function actedEvent<T extends Exclude<EventType, "p2p_session_stats">>(type: T) {
  return roomEvent(type).extend({ actor });
}

/** An event type between two sessions. */
function pairEvent<T extends "p2p_session_started" | "p2p_session_ended">(type: T) {
  return roomEvent(type).extend({ actor, peer: Id });
}

/** First record of every epoch: the source has started (again). */
const EpochStarted = z.strictObject({
  type: z.literal("epoch_started"),
  time: Time,
  data: z.looseObject({ software: z.string().max(255).optional() }),
});

/** A client's XMPP session was bound. */
const SessionStarted = z.strictObject({
  type: z.literal("session_started"),
  time: Time,
  actor,
  data: z.looseObject({
    /** Bare JID of the user. */
    userid: z.string().min(3).max(3071),
    /** User-Agent of the WebSocket handshake. */
    useragent: z.string().max(1024).optional(),
  }),
});

/** A client's XMPP session ended. */
const SessionEnded = z.strictObject({
  type: z.literal("session_ended"),
  time: Time,
  actor,
  data: z.looseObject({ reconciled: z.literal(true).optional() }),
});

/** Every record a source may send. */
export const SourceRecord = z.discriminatedUnion("type", [
  EpochStarted,
  SessionStarted,
  SessionEnded,
  roomEvent("room_created"),
  roomEvent("room_destroyed"),
  roomEvent("room_locked"),
  roomEvent("room_unlocked"),
  actedEvent("occupant_joined"),
  actedEvent("occupant_left"),
  actedEvent("message_sent"),
  actedEvent("screencapture_started"),
  actedEvent("screencapture_ended"),
  actedEvent("rtt_enabled"),
  actedEvent("rtt_disabled"),
  pairEvent("p2p_session_started"),
  pairEvent("p2p_session_ended"),
  actedEvent("video_paused"),
  actedEvent("video_resumed"),
  actedEvent("audio_paused"),
  actedEvent("audio_resumed"),
]);
export type SourceRecord = z.infer<typeof SourceRecord>;

/** The start of a session. */
export type SessionStarted = z.infer<typeof SessionStarted>;

/** A record that is an event of a room. */
export type RoomRecord = Extract<SourceRecord, { room: unknown }>;

/** An event of a room: any but those that clients measure outside of one. */
export type RoomEvent = NewEvent & { readonly room_id: string };

/** Whether a record enters the log (or only says something of the source or a session). */
export function isRoomRecord(record: SourceRecord): record is RoomRecord {
  return "room" in record;
}

/** The event that a record of a room is. */
export function toEvent(record: RoomRecord): RoomEvent {
  return {
    type: record.type,
    room_id: record.room.id,
    actor_id: record.actor ?? null,
    peer_id: record.peer ?? null,
    time: record.time,
    data: record.data,
  };
}
