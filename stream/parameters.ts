/**
 * Names of query parameters: what to say of one that is not known.
 *
 * @module
 */

/** Says that a parameter is unknown, and which one was probably meant, or else which there are. */
export function unknownParameter(name: string, known: readonly string[]): string {
  const shown = JSON.stringify(name.slice(0, 40));
  const nearest = known.map((other) => ({ other, distance: distanceOf(name.toLowerCase(), other) }))
    .filter(({ other, distance }) => distance <= Math.max(1, Math.floor(other.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  if (nearest) return `unknown parameter ${shown}: did you mean ${JSON.stringify(nearest.other)}?`;
  return `unknown parameter ${shown}: ${
    known.length > 0 ? `there are ${known.join(", ")}` : "there are none here"
  }`;
}

// ---

/** Levenshtein's edit distance. */
function distanceOf(from: string, to: string): number {
  // What is far longer is not near, however long it is.
  if (from.length > to.length * 2) return from.length;
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
