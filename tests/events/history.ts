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
  const teller = new Teller(kind);
  for (const choice of choices) teller.tell(choice, lossy);
  return teller.records;
}

/** Turns choices into what could have happened. */
class Teller {
  readonly records: SourceRecord[] = [];
  readonly #kind: number;
  readonly #rooms = new Map<number, OpenRoom>();
  readonly #online = new Set<string>();
  #clock = Date.UTC(2026, 0, 1);
  #lives = 0;

  constructor(kind: number) {
    this.#kind = kind;
  }

  tell({ what, who, whom, where, later }: Choice, lossy: boolean): void {
    this.#clock += later;
    const actor = uuid(this.#kind, who);
    const userid = `guest-${who}@guests.talky.test`;
    if (!this.#online.has(actor)) {
      this.#online.add(actor);
      this.#session("session_started", actor, { userid, useragent: "" });
    }
    const room = this.#rooms.get(where) ?? this.#open(where, actor);
    if (!room.present.has(actor) || (lossy && what < 8)) {
      room.present.add(actor);
      this.#emit(room, "occupant_joined", actor, { userid });
    } else if (what < 30) this.#leave(room, actor);
    else if (what < 70) this.#act(room, actor, what);
    else if (what < 90) this.#pair(room, actor, uuid(this.#kind, whom), what);
    else if (what >= 95 && this.#isOnlyIn(room, actor)) {
      this.#leave(room, actor);
      this.#online.delete(actor);
      this.#session("session_ended", actor, {});
    }
    if (room.present.size > 0) return;
    this.#emit(room, "room_destroyed", actor);
    this.#rooms.delete(where);
  }

  #session(type: "session_started" | "session_ended", actor: string, data: object): void {
    const time = new Date(this.#clock).toISOString();
    this.records.push({ type, time, actor, data } as SourceRecord);
  }

  #emit({ id, jid }: OpenRoom, type: RoomRecord["type"], actor: string, data = {}, peer?: string): void {
    const time = new Date(this.#clock).toISOString();
    this.records.push(roomRecord(type, { id, jid }, time, { actor, data, ...(peer && { peer }) }));
  }

  #open(where: number, actor: string): OpenRoom {
    const room: OpenRoom = {
      id: uuid(this.#kind + 1, this.#lives++),
      jid: `room-${where}@rooms.talky.test`,
      present: new Set(),
      sharing: new Set(),
      pairs: new Map(),
    };
    this.#rooms.set(where, room);
    this.#emit(room, "room_created", actor, { name: `room-${where}` });
    return room;
  }

  #act(room: OpenRoom, actor: string, what: number): void {
    if (what < 40) this.#emit(room, "message_sent", actor, { length: what });
    else if (what < 50) this.#emit(room, what % 2 ? "rtt_enabled" : "rtt_disabled", actor);
    else if (what < 60) this.#emit(room, what % 2 ? "audio_paused" : "audio_resumed", actor);
    else if (room.sharing.delete(actor)) this.#emit(room, "screencapture_ended", actor, { screen: actor });
    else {
      room.sharing.add(actor);
      this.#emit(room, "screencapture_started", actor, { screen: actor });
    }
  }

  #pair(room: OpenRoom, actor: string, peer: string, what: number): void {
    if (peer === actor || !room.present.has(peer)) return;
    const key = [actor, peer].sort().join(" ");
    const ends = room.pairs.delete(key);
    if (!ends) room.pairs.set(key, { actor, peer, sid: "s" });
    const type = ends ? "p2p_session_ended" : "p2p_session_started";
    const media = ends || what % 3 === 0 ? {} : { media: ["audio"], ...what % 3 === 1 && { screen: "x" } };
    this.#emit(room, type, actor, { sid: "s", ...media }, peer);
  }

  #leave(room: OpenRoom, actor: string): void {
    for (const [key, pair] of room.pairs) {
      if (pair.actor !== actor && pair.peer !== actor) continue;
      room.pairs.delete(key);
      const other = pair.actor === actor ? pair.peer : pair.actor;
      this.#emit(room, "p2p_session_ended", actor, { sid: pair.sid }, other);
    }
    if (room.sharing.delete(actor)) this.#emit(room, "screencapture_ended", actor, { screen: actor });
    room.present.delete(actor);
    this.#emit(room, "occupant_left", actor, { cause: "left" });
  }

  #isOnlyIn(room: OpenRoom, actor: string): boolean {
    return [...this.#rooms.values()].every(({ present }) => !present.has(actor) || present === room.present);
  }
}
