/**
 * Reckoning with spans of time: when two of them are at once, what is left of one, where many begin at once.
 *
 * @module
 */
import type { Span } from "./timeline.ts";

/** When a span of the one and a span of the other are, joined where they touch. */
export function both(one: readonly Span[], other: readonly Span[], now: number): Span[] {
  const cut = one.flatMap((a) =>
    other.flatMap((b): Span[] => {
      const later = a.begin >= b.begin ? a : b;
      const sooner = (a.end ?? Infinity) <= (b.end ?? Infinity) ? a : b;
      const end = sooner.end;
      return later.begin < (end ?? now)
        ? [{ begin: later.begin, began: later.began, end, ended: sooner.ended }]
        : [];
    })
  ).sort((a, b) => a.begin - b.begin);
  const joined: Span[] = [];
  for (const span of cut) {
    const last = joined.at(-1);
    if (last && (last.end === null || span.begin <= last.end)) {
      if (last.end !== null && (span.end === null || span.end > last.end)) {
        Object.assign(last, { end: span.end, ended: span.ended });
      }
    } else joined.push({ ...span });
  }
  return joined;
}

/** What is left of a span without others. */
export function without(span: Span, others: readonly Span[], now: number): Span[] {
  const rest: Span[] = [];
  let at = { begin: span.begin, began: span.began };
  for (const other of others.toSorted((a, b) => a.begin - b.begin)) {
    const end = other.end ?? Infinity;
    if (end <= at.begin || other.begin >= (span.end ?? now)) continue;
    if (other.begin > at.begin) rest.push({ ...at, end: other.begin, ended: other.began });
    if (other.end === null) return rest;
    at = { begin: other.end, began: other.ended ?? other.began };
  }
  if (at.begin < (span.end ?? now)) rest.push({ ...at, end: span.end, ended: span.ended });
  return rest;
}

/** Runs of spans, each of at least so many that begin within a while. */
export function bursts<S extends Span>(spans: readonly S[], least: number, within: number): S[][] {
  const ordered = spans.toSorted((a, b) => a.begin - b.begin);
  const found: S[][] = [];
  let [from, through] = [0, -1];
  ordered.forEach((span, i) => {
    while (span.begin - ordered[from]!.begin > within) from++;
    if (i - from + 1 < least) return;
    if (found.length > 0 && from <= through) found.at(-1)!.push(span);
    else found.push(ordered.slice(from, i + 1));
    through = i;
  });
  return found;
}
