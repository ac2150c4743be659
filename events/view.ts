/**
 * How much of the log somebody is shown: what a key's `rooms` and `types` limit (ADR 0016).
 *
 * @module
 */
import { type EventType, eventTypes } from "./event.ts";

/** What is shown. Absent: all. An empty list shows nothing. */
export interface View {
  /** Rooms, by id (one life of a room) or by the node of their JID (every life). What has the form of an id is one. */
  readonly rooms?: readonly string[];
  readonly types?: readonly EventType[];
}

/** All there is. */
export const everything: View = {};

/** Whether a view leaves something out. */
export function isLimited({ rooms, types }: View): boolean {
  return rooms !== undefined || types !== undefined;
}

/** Whether a view shows events of all these types. */
export function showsTypes({ types }: View, needed: readonly EventType[]): boolean {
  return types === undefined || needed.every((type) => types.includes(type));
}

/** Whether all that `inner` shows is shown by `outer`. Rooms are compared as they are written. */
export function isWithin(inner: View, outer: View): boolean {
  const covers = (wide: readonly string[] | undefined, narrow: readonly string[] | undefined) =>
    wide === undefined || (narrow !== undefined && narrow.every((item) => wide.includes(item)));
  return covers(outer.rooms, inner.rooms) && covers(outer.types, inner.types);
}

/** Rooms of a view, by how they are named. */
export function splitRooms(rooms: readonly string[]): { readonly ids: string[]; readonly nodes: string[] } {
  return { ids: rooms.filter((room) => isId(room)), nodes: rooms.filter((room) => !isId(room)) };
}

/** A text that says the same for equal views. */
export function keyOf({ rooms, types }: View): string {
  return JSON.stringify([rooms?.toSorted() ?? null, types?.toSorted() ?? null]);
}

/** Of which events' types what is shown of a log is made. */
export const madeOf = {
  events: [],
  rooms: ["room_created", "room_destroyed"],
  stays: ["occupant_joined", "occupant_left"],
  figures: [
    ...["room_created", "room_destroyed", "occupant_joined", "occupant_left"] as const,
    ...["p2p_session_started", "p2p_session_ended"] as const,
  ],
  quality: eventTypes.filter((type) => type !== "message_sent"),
  /** Messages and measurements change no room. */
  roomState: eventTypes.filter((type) => type !== "message_sent" && type !== "p2p_session_stats"),
} as const satisfies Record<string, readonly EventType[]>;

// ---

const isId = (room: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(room);
