/**
 * The newest part of the log in memory, bounded in bytes, and the frames lately built from it.
 *
 * @module
 */
import type { Encoding } from "./encoding.ts";
import type { LoggedEvent } from "../events/event_log.ts";
import type { Filter } from "./filter.ts";

/** A frame, and the id up to which it (or the lack of matches) brings a reader. */
export interface Step {
  /** Null: nothing matched up to `through`. */
  readonly frame: string | null;
  readonly through: number;
}

export interface Ring {
  /** Newest event known; the ring reaches from `tail` (exclusive) to it. */
  readonly head: number;
  /** Readers at or after this id are served from the ring. */
  readonly tail: number;
  /** Adds the events right after `head`. */
  push(events: readonly LoggedEvent[]): void;
  /** Forgets everything, and goes on at `head`: what it had is not what the log has now. */
  restart(head: number): void;
  /** What a reader at `after` (≥ tail, < head) gets next. Built once for all who ask the same. */
  step(after: number, filter: Filter, encoding: Encoding): Step;
  /** The first so many matches after `after` (≥ tail), and up to where there is no other. */
  read(after: number, filter: Filter, limit: number): Found;
}

/** Some events, and the id up to which there are no other matches. */
export interface Found {
  readonly events: readonly LoggedEvent[];
  readonly through: number;
}

/** Makes a ring that begins empty at `head` and holds about `capacity` bytes of JSON. */
export function createRing(start: number, capacity: number): Ring {
  let events: LoggedEvent[] = [];
  let head = start;
  let bytes = 0;
  const steps = new Map<string, Step>();
  let stepBytes = 0;
  const forgetSteps = () => {
    steps.clear();
    stepBytes = 0;
  };

  return {
    get head() {
      return head;
    },
    get tail() {
      return head - events.length;
    },
    push(fresh) {
      if (fresh.length === 0) return;
      // Frames end at the head they were built at; with a new head they are of no further use.
      forgetSteps();
      for (const event of fresh) bytes += event.json.length;
      events.push(...fresh);
      head = fresh.at(-1)!.id;
      // Trimmed by a quarter at a time, for trimming copies what stays.
      if (bytes <= capacity * 1.25) return;
      let dropped = 0;
      while (bytes > capacity && dropped < events.length) bytes -= events[dropped++]!.json.length;
      events = events.slice(dropped);
    },
    restart(at) {
      forgetSteps();
      events = [];
      bytes = 0;
      head = at;
    },
    step(after, filter, encoding) {
      const key = `${encoding.key} ${after} ${filter.key}`;
      let step = steps.get(key);
      if (!step) {
        step = buildStep(events, after - (head - events.length), filter, encoding, head);
        // Readers who all ask something else must not make of the cache a second, larger ring.
        if (stepBytes > capacity) forgetSteps();
        steps.set(key, step);
        stepBytes += step.frame?.length ?? 0;
      }
      return step;
    },
    read(after, filter, limit) {
      const found: LoggedEvent[] = [];
      for (let i = Math.max(0, after - (head - events.length)); i < events.length; i++) {
        const event = events[i]!;
        if (!filter.matches(event)) continue;
        found.push(event);
        if (found.length === limit) return { events: found, through: event.id };
      }
      return { events: found, through: head };
    },
  };
}

/** Most events and bytes of JSON in one frame (one event may be larger by itself). */
export const frameEvents = 500;
const frameBytes = 256 * 1024;

/** As many of these events, from the first, as go into one frame. */
export function fitting(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  let [count, bytes] = [0, 0];
  for (const { json } of events) {
    if (isFull(count, bytes + json.length)) return events.slice(0, count);
    count++;
    bytes += json.length;
  }
  return events;
}

// ---

/** Whether one more event, which would make it so many bytes, has no place in a frame that has `count`. */
function isFull(count: number, bytes: number): boolean {
  return count === frameEvents || (count > 0 && bytes > frameBytes);
}

function buildStep(
  events: readonly LoggedEvent[],
  from: number,
  filter: Filter,
  encoding: Encoding,
  head: number,
): Step {
  const matching: LoggedEvent[] = [];
  let bytes = 0;
  for (let i = from; i < events.length; i++) {
    const event = events[i]!;
    if (!filter.matches(event)) continue;
    if (isFull(matching.length, bytes + event.json.length)) {
      return { frame: encoding.events(matching), through: matching.at(-1)!.id };
    }
    matching.push(event);
    bytes += event.json.length;
  }
  return { frame: matching.length > 0 ? encoding.events(matching) : null, through: head };
}
