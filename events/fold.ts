/**
 * The fold: from records to what they change in rooms, occupants and sessions. Pure and idempotent: the
 * same records folded and applied again change nothing.
 *
 * Many records become few changes (one per room, stay and session), so a batch of hundreds is applied
 * with a handful of statements.
 *
 * @module
 */
import type { SourceRecord } from "./record.ts";

/** What records say of a room. */
export interface RoomChange {
  readonly id: string;
  readonly name: string;
  readonly jid: string;
  created: string;
  ended: string | null;
}

/** A stay of a session in a room that began in these records. */
export interface Stay {
  readonly room_id: string;
  readonly sessionid: string;
  readonly userid: string;
  readonly joined: string;
  left: string | null;
}

/**
 * The end of a stay that began before these records: by a record, or because the session joined again
 * (its leaving was lost; then the old stay ends where the new one begins).
 */
export interface Departure {
  readonly room_id: string;
  readonly sessionid: string;
  readonly left: string;
}

/** What records say of a session. `created` null: it began before these records. */
export interface SessionChange {
  readonly sessionid: string;
  userid: string | null;
  useragent: string;
  created: string | null;
  ended: string | null;
}

/** All that a sequence of records changes. */
export interface Changes {
  readonly rooms: RoomChange[];
  readonly stays: Stay[];
  readonly departures: Departure[];
  readonly sessions: SessionChange[];
}

/** Folds records, in the order they happened. */
export function fold(records: Iterable<SourceRecord>): Changes {
  const rooms = new Map<string, RoomChange>();
  const stays = new Map<string, Stay[]>();
  const departures = new Map<string, Departure>();
  const sessions = new Map<string, SessionChange>();

  for (const record of records) {
    if ("room" in record) seeRoom(rooms, record.room, record.time);
    switch (record.type) {
      case "room_destroyed": {
        rooms.get(record.room.id)!.ended ??= record.time;
        break;
      }
      case "occupant_joined": {
        const key = `${record.room.id}/${record.actor}`;
        if (stays.has(key)) leave(stays.get(key)!, record.time);
        else departures.set(key, departures.get(key) ?? departure(record));
        begin(stays, key, record);
        break;
      }
      case "occupant_left": {
        const key = `${record.room.id}/${record.actor}`;
        if (stays.has(key)) leave(stays.get(key)!, record.time);
        else departures.set(key, departures.get(key) ?? departure(record));
        break;
      }
      case "session_started": {
        const known = sessions.get(record.actor);
        if (known?.created) known.ended = null;
        else {
          sessions.set(record.actor, {
            sessionid: record.actor,
            userid: record.data.userid,
            useragent: record.data.useragent ?? "",
            created: record.time,
            ended: null,
          });
        }
        break;
      }
      case "session_ended": {
        const known = sessions.get(record.actor);
        if (known) known.ended = record.time;
        else {
          sessions.set(record.actor, {
            sessionid: record.actor,
            userid: null,
            useragent: "",
            created: null,
            ended: record.time,
          });
        }
        break;
      }
    }
  }
  return {
    rooms: [...rooms.values()],
    stays: [...stays.values()].flat(),
    departures: [...departures.values()],
    sessions: [...sessions.values()],
  };
}

// ---

/** A stay that begins when one before it began is the same stay. */
function begin(
  stays: Map<string, Stay[]>,
  key: string,
  record: Extract<SourceRecord, { type: "occupant_joined" }>,
): void {
  const known = stays.get(key) ?? [];
  const same = known.find(({ joined }) => joined === record.time);
  if (same) {
    same.left = null;
    return;
  }
  const stay = {
    room_id: record.room.id,
    sessionid: record.actor,
    userid: record.data.userid,
    joined: record.time,
    left: null,
  };
  stays.set(key, [...known, stay]);
}

function leave(stays: readonly Stay[], time: string): void {
  for (const stay of stays) stay.left ??= time;
}

function departure(record: Extract<SourceRecord, { type: "occupant_joined" | "occupant_left" }>): Departure {
  return { room_id: record.room.id, sessionid: record.actor, left: record.time };
}

function seeRoom(rooms: Map<string, RoomChange>, room: { id: string; jid: string }, time: string): void {
  if (rooms.has(room.id)) return;
  const name = room.jid.slice(0, room.jid.indexOf("@"));
  rooms.set(room.id, { id: room.id, name, jid: room.jid, created: time, ended: null });
}
