/**
 * How a call probably sounded, as one number: an estimate after ITU-T G.107's E-model, reduced to what a browser
 * can tell. It comes last wherever it is shown: what was heard says more.
 *
 * @module
 */

/** What the estimate is made of. */
export interface Heard {
  /** Round trip, in milliseconds. */
  readonly rtt: number;
  /** Mean wait in the jitter buffer, in milliseconds. */
  readonly buffer: number;
  /** Packets lost, in percent. */
  readonly loss: number;
}

/** Mean opinion score, estimated: 1 (bad) to 4.5. More loss or delay never raises it. */
export function estimateMos({ rtt, buffer, loss }: Heard): number {
  const delay = rtt / 2 + buffer + codecDelay;
  const impairment = delay < 160 ? delay / 40 : (delay - 120) / 10;
  const r = Math.min(best, Math.max(0, best - impairment - 2.5 * loss));
  // The cubic dips below 1 where R is small.
  return Math.max(1, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r));
}

// ---

/** R of a call without any impairment (G.107's defaults). */
const best = 93.2;

/** Milliseconds to encode and decode. */
const codecDelay = 20;
