/**
 * How long to wait before the next attempt.
 *
 * @module
 */

/**
 * Milliseconds after so many failures in a row (the first is 0): doubling from `from` to `most`, give or take a
 * quarter, so that many instances do not knock at once.
 */
export function backoff(
  failures: number,
  { from, most }: { readonly from: number; readonly most: number },
): number {
  return Math.min(most, from * 2 ** failures) * (0.75 + Math.random() / 2);
}
