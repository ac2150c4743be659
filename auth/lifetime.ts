/**
 * How long a key or a token lasts, as people write it: `30d`.
 *
 * @module
 */

/** The longest that a key may last, in milliseconds: 400 days, a year and time to replace it. */
export const longestKeyLife = 400 * 86_400_000;

/** Milliseconds of a duration: a whole number from 1 and `s`, `m`, `h` or `d`. Null for anything else. */
export function parseDuration(text: string): number | null {
  const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  return count ? Number(count) * milliseconds[unit as keyof typeof milliseconds] : null;
}

// ---

const milliseconds = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
