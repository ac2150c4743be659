/**
 * Holds what the log has of one room against what was done there.
 *
 * @module
 */
import type { LoggedEvent } from "./balance.ts";

/** An event of the log. */
export interface SeenEvent extends LoggedEvent {
  readonly time: string;
  /** Written by reconciliation, not by what happened. */
  readonly reconciled: boolean;
}

/** What of a room is not as it should be. */
export interface Comparison {
  /** Events that were confirmed, and those that are there without. */
  readonly expected: number;
  readonly unconfirmed: number;
  readonly missing: number;
  readonly doubled: number;
  readonly misordered: number;
  /** In words. */
  readonly wrong: readonly string[];
}

/**
 * A room that was left by everybody shows exactly what was done. Of one that broke, what was confirmed comes
 * first; then what was under way, and the ends of what was open.
 */
export function compare(
  done: readonly LoggedEvent[],
  seen: readonly SeenEvent[],
  broken: boolean,
): Comparison {
  const expected = done.map(shape);
  const own = seen.filter(({ reconciled }) => !broken || !reconciled);
  const extra = own.map(shape);
  const missing = expected.filter((event) => !take(extra, event));
  const doubled = broken ? countTwins(own, extra) : extra.length;
  const misordered = missing.length > 0 || doubled > 0
    ? 0
    : expected.filter((event, index) => event !== shape(own[index]!)).length;
  return {
    expected: expected.length,
    unconfirmed: broken ? extra.length : 0,
    missing: missing.length,
    doubled,
    misordered,
    wrong: [
      ...missing.map((event) => `missing ${event}, no. ${expected.indexOf(event) + 1} of ${expected.length}`),
      ...doubled > 0 ? [`${doubled} too many: ${extra.join(" ")}`] : [],
      ...misordered > 0 ? [`${misordered} out of order`] : [],
    ],
  };
}

// ---

/**
 * How many of the unconfirmed events are another one again, to the millisecond. (Somebody may well say two
 * things within one; then both were confirmed.)
 */
function countTwins(own: readonly SeenEvent[], unconfirmed: readonly string[]): number {
  const times = Map.groupBy(own, shape);
  const counts = Map.groupBy(unconfirmed, (event) => event);
  return [...counts].reduce((sum, [event, { length }]) => {
    const rows = times.get(event) ?? [];
    const twins = rows.length - new Set(rows.map(({ time }) => time)).size;
    return sum + Math.min(twins, length);
  }, 0);
}

function shape({ type, actor, peer, subject }: LoggedEvent): string {
  return JSON.stringify([type, actor, peer, subject]);
}

/** Removes one of a list's items; false when it has none. */
function take(items: string[], item: string): boolean {
  const at = items.indexOf(item);
  if (at < 0) return false;
  items.splice(at, 1);
  return true;
}
