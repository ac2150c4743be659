/**
 * What came of an attempt, and what follows from it.
 *
 * @module
 */

/** What came of an attempt. */
export interface Outcome {
  /** What the receiver answered; null: nothing, or not to its end. */
  readonly status: number | null;
  /** The header `Retry-After`, as it came. */
  readonly retryAfter?: string | null;
  /** Why nothing came of it. */
  readonly error?: string;
}

/** What follows. */
export const verdicts = ["delivered", "failed", "disabled"] as const;
export type Verdict = (typeof verdicts)[number];

/** Only 2xx is success; 410 says that nobody is there any more. A redirect is not followed: a failure. */
export function judge({ status, error }: Outcome): Verdict {
  if (status === 410) return "disabled";
  return error === undefined && status !== null && status >= 200 && status < 300 ? "delivered" : "failed";
}

/** Milliseconds between attempts. */
export interface Patience {
  readonly from: number;
  readonly most: number;
}

/**
 * Milliseconds to the next attempt after so many failures in a row (1 or more): full jitter (any time up to a bound
 * that doubles), so that a receiver that comes back is not met by all at once. The later half of it where the receiver,
 * or who stands in front, has too much to do (429, 502, 504). Not before `Retry-After` says, an hour at most: whoever
 * asks for more has a mistake, or should be paused.
 */
export function waitAfter(
  failures: number,
  { status, retryAfter }: Pick<Outcome, "status" | "retryAfter">,
  { from, most }: Patience,
  now: number,
): number {
  const bound = Math.min(most, from * 2 ** Math.min(failures, 30));
  const least = status !== null && overloaded.includes(status) ? bound / 2 : 0;
  const asked = Math.min(askedFor(retryAfter, now), longestAsked);
  return Math.max(least + Math.random() * (bound - least), asked);
}

// ---

const overloaded = [429, 502, 504];
const longestAsked = 3_600_000;

/** Milliseconds that a `Retry-After` asks for (RFC 9110 §10.2.3: seconds, or a date); 0 for none. */
function askedFor(retryAfter: string | null | undefined, now: number): number {
  const text = retryAfter?.trim();
  if (!text) return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : Math.max(0, time - now);
}
