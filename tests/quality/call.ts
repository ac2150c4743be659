/**
 * Made-up calls for the tests of `quality/`: events as the log has them, and measurements of both ends that are
 * fine unless a test says otherwise.
 *
 * @module
 */
import type { Event, EventType } from "../../events/event.ts";
import { type LoggedReading } from "../../quality/sample.ts";
import { emptyValues, type Reading, type Values } from "../../quality/reading.ts";
import { uuid } from "../events/history.ts";

export const [ada, bob, eve, dan] = [uuid(41, 1), uuid(41, 2), uuid(41, 3), uuid(41, 4)] as const;
export const room = uuid(42, 1);
const start = Date.UTC(2026, 0, 5, 14, 0, 0);

/** A moment of the call, in seconds from its start, in milliseconds since 1970. */
export const second = (seconds: number) => start + seconds * 1000;

/** Changes of what one end says of a stream, by second; fields are of the ten seconds up to it. */
export type Change = (stream: Stream, seconds: number) => Partial<Values> | null;

/** A stream: who sends to whom what, and who measures it. */
export interface Stream {
  readonly speaker: string;
  readonly hearer: string;
  readonly kind: "audio" | "video";
  readonly way: "in" | "out";
}

/** A call that is told event by event. */
export class Call {
  readonly events: Event[] = [];
  readonly readings: LoggedReading[] = [];

  /** Tells an event; returns its id. */
  tell(
    seconds: number,
    type: EventType,
    actor: string | null = null,
    data: Record<string, unknown> = {},
    peer: string | null = null,
  ): number {
    const id = this.events.length + this.readings.length + 1;
    this.events.push({
      ...{ id, type, room_id: room, actor_id: actor, peer_id: peer, data },
      time: new Date(second(seconds)).toISOString(),
    });
    return id;
  }

  join(seconds: number, ...people: string[]): this {
    for (const one of people) {
      this.tell(seconds, "occupant_joined", one, { userid: `${one}@guests.talky.test` });
    }
    return this;
  }

  leave(seconds: number, who: string, cause = "left", marks: Record<string, unknown> = {}): this {
    this.tell(seconds, "occupant_left", who, { cause, ...marks });
    return this;
  }

  /** A session from one to another. */
  connect(seconds: number, speaker: string, hearer: string, rest: Record<string, unknown> = {}): this {
    const data = { sid: sidOf(speaker, hearer), media: ["audio", "video"], ...rest };
    this.tell(seconds, "p2p_session_started", speaker, data, hearer);
    return this;
  }

  disconnect(seconds: number, speaker: string, hearer: string, reason: string): this {
    this.tell(seconds, "p2p_session_ended", speaker, { sid: sidOf(speaker, hearer), reason }, hearer);
    return this;
  }

  /** Everybody joins and is connected to everybody. */
  mesh(seconds: number, ...people: string[]): this {
    this.join(seconds, ...people);
    for (const one of people) {
      for (const other of people) if (one !== other) this.connect(seconds + 1, one, other);
    }
    return this;
  }

  /**
   * Both ends measure every ten seconds from one second to another. `change` says how a stream's ten seconds
   * differ from good ones; null: nothing is sent of it.
   */
  measure(
    [from, to]: readonly [number, number],
    people: readonly string[],
    change: Change = () => ({}),
    reporters: readonly string[] = people,
  ): this {
    for (const speaker of people) {
      for (const hearer of people) {
        if (speaker === hearer) continue;
        for (const kind of ["audio", "video"] as const) {
          for (const way of ["in", "out"] as const) {
            const reporter = way === "in" ? hearer : speaker;
            if (reporters.includes(reporter)) this.#series({ speaker, hearer, kind, way }, from, to, change);
          }
        }
      }
    }
    this.readings.sort((a, b) => a.time - b.time || a.event_id - b.event_id);
    return this;
  }

  #series(stream: Stream, from: number, to: number, change: Change): void {
    let values: Values = { ...emptyValues(), ...gauges };
    for (let seconds = from; seconds <= to; seconds += 10) {
      const changed = change(stream, seconds);
      if (changed === null) continue;
      const step = { ...good(stream), ...changed };
      values = advanced(values, step);
      this.readings.push({
        event_id: this.events.length + this.readings.length + 1,
        ...reading(stream, seconds, values),
      });
    }
  }
}

/** The sid of the session from one to another. */
export function sidOf(speaker: string, hearer: string): string {
  return `${speaker.at(-1)}-${hearer.at(-1)}`;
}

/** A reading of a stream. */
export function reading(stream: Stream, seconds: number, values: Partial<Values>): Reading {
  const { speaker, hearer, kind, way } = stream;
  const [actor_id, peer_id] = way === "in" ? [hearer, speaker] : [speaker, hearer];
  const time = second(seconds);
  const ssrc = Number(`${speaker.at(-1)}${hearer.at(-1)}${kind === "audio" ? 1 : 2}`);
  return {
    ...{ room_id: room, actor_id, peer_id, sid: sidOf(speaker, hearer), way, kind, ssrc, time },
    measured: time,
    ...emptyValues(),
    ...values,
  };
}

// ---

const gauges = { jitter: 2, rtt: 20, connection: "connected", candidate: "host", protocol: "udp" };

/** What counts up in ten good seconds. */
function good({ kind, way }: Stream): Partial<Values> {
  const common = kind === "audio" ? { bytes: 40_000, packets: 500 } : { bytes: 1_000_000, packets: 1000 };
  if (way === "out") {
    return kind === "audio"
      ? { ...common, lost: 0, energy: 0.5, duration: 10 }
      : { ...common, lost: 0, frames: 300, source_frames: 300, limited_cpu: 0, limited_bandwidth: 0 };
  }
  return kind === "audio"
    ? {
      ...{ ...common, lost: 0, concealed: 0, silent_concealed: 0, samples: 480_000 },
      ...{ buffer_delay: 24_000, buffer_emitted: 480_000, energy: 0.5, duration: 10 },
    }
    : { ...common, lost: 0, frames: 300, freezes: 0, buffer_delay: 15, buffer_emitted: 300 };
}

/** Adds what counts, and replaces what does not. */
function advanced(values: Values, step: Partial<Values>): Values {
  const next: Record<string, unknown> = { ...values };
  for (const [name, value] of Object.entries(step)) {
    const counts = !(name in gauges) && !["fps", "worst_loss"].includes(name);
    next[name] = counts && typeof value === "number" ? Number(next[name] ?? 0) + value : value;
  }
  return next as unknown as Values;
}
