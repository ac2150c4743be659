/**
 * The fold: from events to what they change in rooms and occupants, and from the records of sessions to
 * what they change in users. Pure and idempotent: the same folded and applied again changes nothing.
 * Ingest, reconciliation, rebuild and replay all apply it; no row is made in another way.
 *
 * Many events become few changes (one per room, stay and session), so a batch of hundreds is applied
 * with a handful of statements.
 *
 * @module
 */
import type { RoomEvent } from "./record.ts";
import type { Device, ReadRecord } from "./submission.ts";

/** What events say of a room. */
export interface RoomChange {
  readonly id: string;
  /** As people write it; null where the room's beginning is not among these events. */
  name: string | null;
  readonly created: string;
  ended: string | null;
}

/** A stay of a session in a room that began in these events. */
export interface Stay {
  readonly room_id: string;
  readonly sessionid: string;
  readonly userid: string;
  readonly joined: string;
  left: string | null;
}

/**
 * The end of a stay that began before these events: by an event, or because the session joined again
 * (its leaving was lost; then the old stay ends where the new one begins).
 */
export interface Departure {
  readonly room_id: string;
  readonly sessionid: string;
  readonly left: string;
}

/** All that a sequence of events changes. */
export interface Changes {
  readonly rooms: RoomChange[];
  readonly stays: Stay[];
  readonly departures: Departure[];
}

/** Folds events, in the order they happened. */
export function fold(events: Iterable<RoomEvent>): Changes {
  const rooms = new Map<string, RoomChange>();
  const stays = new Map<string, Stay[]>();
  const departures = new Map<string, Departure>();

  for (const event of events) {
    const { type, room_id, actor_id, time } = event;
    if (!rooms.has(room_id)) {
      rooms.set(room_id, { id: room_id, name: null, created: time, ended: null });
    }
    if (type === "room_created") rooms.get(room_id)!.name ??= String(event.data["name"]);
    if (type === "room_destroyed") rooms.get(room_id)!.ended ??= time;
    if (actor_id === null || (type !== "occupant_joined" && type !== "occupant_left")) continue;

    const key = `${room_id}/${actor_id}`;
    if (stays.has(key)) leave(stays.get(key)!, time);
    else if (!departures.has(key)) departures.set(key, { room_id, sessionid: actor_id, left: time });
    if (type === "occupant_joined") begin(stays, key, actor_id, event);
  }
  return {
    rooms: [...rooms.values()],
    stays: [...stays.values()].flat(),
    departures: [...departures.values()],
  };
}

/** What records say of a session. */
export interface SessionChange {
  readonly sessionid: string;
  /** Null: the session began before these records. */
  readonly started: { readonly userid: string; readonly time: string; readonly device: Device } | null;
  ended: string | null;
}

/** Folds the records of sessions (others are passed over), in the order they happened. */
export function foldSessions(records: Iterable<ReadRecord>): SessionChange[] {
  const sessions = new Map<string, SessionChange>();
  for (const read of records) {
    if ("device" in read) {
      const { record: { actor, time, data: { userid } }, device } = read;
      const known = sessions.get(actor);
      if (known?.started) known.ended = null;
      else sessions.set(actor, { sessionid: actor, started: { userid, time, device }, ended: null });
    } else if (read.record.type === "session_ended") {
      const { actor, time } = read.record;
      const known = sessions.get(actor);
      if (known) known.ended = time;
      else sessions.set(actor, { sessionid: actor, started: null, ended: time });
    }
  }
  return [...sessions.values()];
}

// ---

/** A stay that begins when one before it began is the same stay. */
function begin(stays: Map<string, Stay[]>, key: string, sessionid: string, event: RoomEvent): void {
  const { room_id, time, data } = event;
  const known = stays.get(key) ?? [];
  const same = known.find(({ joined }) => joined === time);
  if (same) same.left = null;
  else {
    const stay = { room_id, sessionid, userid: String(data["userid"]), joined: time, left: null };
    stays.set(key, [...known, stay]);
  }
}

function leave(stays: readonly Stay[], time: string): void {
  for (const stay of stays) stay.left ??= time;
}
