/**
 * What a run is worth in numbers.
 *
 * @module
 */
import { type EventType, eventTypes } from "../../events/event.ts";
import type { Outcome } from "./simulation.ts";

/** What `deno task simulate` prints. */
export interface Summary {
  readonly seed: string;
  readonly run: string;
  /** JIDs, in the order of beginning. */
  readonly rooms: readonly string[];
  readonly seconds: number;
  /** How many events of each of the eighteen types the log must have of these rooms. */
  readonly events: Readonly<Record<EventType, number>>;
  readonly total: number;
}

/** Counts what a run has caused. */
export function summarise(outcome: Outcome): Summary {
  const events = Object.fromEntries(eventTypes.map((type) => [type, 0])) as Record<EventType, number>;
  for (const room of outcome.rooms) for (const { type } of room.events) events[type]++;
  return {
    seed: outcome.seed,
    run: outcome.run,
    rooms: outcome.rooms.map(({ jid }) => jid),
    seconds: Number(outcome.seconds.toFixed(1)),
    events,
    total: Object.values(events).reduce((sum, count) => sum + count, 0),
  };
}
