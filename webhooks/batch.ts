/**
 * A delivery: some events in order, under an id that stays the same until they are delivered.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";

/** What is posted. */
export interface Delivery {
  /** `webhook-id`. */
  readonly id: string;
  readonly contentType: string;
  readonly body: string;
  /** Below the webhook's URL. Absent: the URL itself. */
  readonly path?: string;
}

/** Most characters of JSON in one delivery; one event may be larger by itself. */
export const deliveryBytes = 1024 * 1024;

/** The id of a batch: whoever has seen it has these events, of this log, and no others. */
export function batchId(generation: string, { first, last }: { first: number; last: number }): string {
  return `${generation}-${first}-${last}`;
}

/** As many of these events, from the first, as go into one delivery. */
export function fittingDelivery(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  let bytes = 0;
  const end = events.findIndex(({ json }, i) => (bytes += json.length) > deliveryBytes && i > 0);
  return end < 0 ? events : events.slice(0, end);
}

/** The plain form: `{"type":"events","generation":G,"events":[…]}`, events as everywhere. */
export function plainBody(generation: string, events: readonly LoggedEvent[]): string {
  const list = events.map(({ json }) => json).join(",");
  return `{"type":"events","generation":"${generation}","events":[${list}]}`;
}
