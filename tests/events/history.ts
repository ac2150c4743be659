/**
 * Histories as a Prosody tells them, made up: sessions come and go, rooms open and close, and in them
 * people join, share screens, pair up and leave, in an order that could have happened.
 *
 * @module
 */
import fc from "fast-check";
import type { RoomRecord, SourceRecord } from "../../events/record.ts";

/** An id of this number, the same at every run. */
export function uuid(kind: number, n: number): string {
  return `00000000-0000-4${kind.toString(16).padStart(3, "0")}-8000-${n.toString(16).padStart(12, "0")}`;
}

/** A record of a room. */
export function roomRecord(
  type: RoomRecord["type"],
  room: { id: string; jid: string },
  time: string,
  rest: { actor?: string; peer?: string; data?: Record<string, unknown> } = {},
): RoomRecord {
  return { type, room, time, data: {}, ...rest } as RoomRecord;
}

/** What a made-up history is like. */
export interface HistoryOptions {
  readonly steps: number;
  /** Sometimes a leaving is lost, so that a session joins where it is. */
  readonly lossy?: boolean;
  /** Tells the ids of one history from another's. */
  readonly kind?: number;
}

/** Histories of one epoch, without its first record (`epoch_started`). */
export function histories({ steps, lossy = false, kind = 1 }: HistoryOptions): fc.Arbitrary<SourceRecord[]> {
  const step = fc.record({
    what: fc.nat({ max: 99 }),
    who: fc.nat({ max: 3 }),
    whom: fc.nat({ max: 3 }),
    where: fc.nat({ max: 2 }),
    later: fc.nat({ max: 3 }),
  });
  return fc.array(step, { minLength: 1, maxLength: steps, size: "max" }).map((choices) =>
    tell(choices, lossy, kind)
  );
}

/** Cuts a list into runs, in any way. */
export function cuts<T>(list: readonly T[]): fc.Arbitrary<T[][]> {
  return fc.uniqueArray(fc.integer({ min: 0, max: list.length })).map((places) => {
    const edges = [0, ...places.sort((a, b) => a - b), list.length];
    return edges.slice(1).map((end, i) => list.slice(edges[i], end)).filter((run) => run.length > 0);
  });
}

// ---

interface Choice {
  readonly what: number;
  readonly who: number;
  readonly whom: number;
  readonly where: number;
  readonly later: number;
}

interface OpenRoom {
  readonly id: string;
  readonly jid: string;
  readonly present: Set<string>;
  readonly sharing: Set<string>;
  readonly pairs: Map<string, { actor: string; peer: string; sid: string }>;
}

function tell(choices: readonly Choice[], lossy: boolean, kind: number): SourceRecord[] {
  const records: SourceRecord[] = [];
  const rooms = new Map<number, OpenRoom>();
  const online = new Set<string>();
  let clock = Date.UTC(2026, 0, 1);
  let lives = 0;
  const time = () => new Date(clock).toISOString();

  for (const { what, who, whom, where, later } of choices) {
    clock += later;
    const actor = uuid(kind, who);
    const peer = uuid(kind, whom);
    if (!online.has(actor)) {
      online.add(actor);
      const data = { userid: `guest-${who}@guests.talky.test`, useragent: "" };
      records.push({ type: "session_started", time: time(), actor, data });
    }
    let room = rooms.get(where);
    const emit = (type: RoomRecord["type"], data = {}, other?: string) =>
      records.push(
        roomRecord(type, { id: room!.id, jid: room!.jid }, time(), {
          actor,
          data,
          ...(other && { peer: other }),
        }),
      );
    if (!room) {
      const id = uuid(kind + 1, lives++);
      room = {
        id,
        jid: `room-${where}@rooms.talky.test`,
        present: new Set(),
        sharing: new Set(),
        pairs: new Map(),
      };
      rooms.set(where, room);
      emit("room_created", { name: `room-${where}` });
    }
    const leave = () => {
      for (const [key, pair] of room.pairs) {
        if (pair.actor !== actor && pair.peer !== actor) continue;
        room.pairs.delete(key);
        emit("p2p_session_ended", { sid: pair.sid }, pair.actor === actor ? pair.peer : pair.actor);
      }
      if (room.sharing.delete(actor)) emit("screencapture_ended", { screen: actor });
      room.present.delete(actor);
      emit("occupant_left", { cause: "left" });
    };

    if (!room.present.has(actor) || (lossy && what < 8)) {
      room.present.add(actor);
      emit("occupant_joined", { userid: `guest-${who}@guests.talky.test` });
    } else if (what < 30) leave();
    else if (what < 40) emit("message_sent", { length: what });
    else if (what < 50) emit(what % 2 ? "rtt_enabled" : "rtt_disabled");
    else if (what < 60) emit(what % 2 ? "audio_paused" : "audio_resumed");
    else if (what < 70) {
      const shares = room.sharing.has(actor);
      emit(shares ? "screencapture_ended" : "screencapture_started", { screen: actor });
      if (shares) room.sharing.delete(actor);
      else room.sharing.add(actor);
    } else if (what < 90 && peer !== actor && room.present.has(peer)) {
      const key = [actor, peer].sort().join(" ");
      const pair = room.pairs.get(key);
      if (pair) room.pairs.delete(key);
      else room.pairs.set(key, { actor, peer, sid: "s" });
      const rest = pair || what % 3 === 0 ? {} : { media: ["audio"], ...what % 3 === 1 && { screen: "x" } };
      emit(pair ? "p2p_session_ended" : "p2p_session_started", { sid: "s", ...rest }, peer);
    } else if (
      what >= 95 &&
      [...rooms.values()].every(({ present }) => !present.has(actor) || present === room.present)
    ) {
      leave();
      online.delete(actor);
      records.push({ type: "session_ended", time: time(), actor, data: {} });
    }
    if (room.present.size === 0) {
      emit("room_destroyed");
      rooms.delete(where);
    }
  }
  return records;
}
