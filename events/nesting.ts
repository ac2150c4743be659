/**
 * How deep JSON is nested. Parsers of those who read the log break at some depth, each at its own; nothing that is
 * measured is nested deeper than a few.
 *
 * @module
 */

/** Deepest nesting that enters the log: arrays and objects within each other. */
export const deepest = 32;

/** Whether a value is nested deeper than {@link deepest}. Bears any depth. */
export function isTooDeep(value: unknown): boolean {
  let level = containersIn([value]);
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    level = level.flatMap((container) => containersIn(Object.values(container)));
  }
  return level.length > 0;
}

/** A value without what is deeper than {@link deepest}, so that it can be written down. */
export function pruned(value: unknown, depth = 0): unknown {
  if (!isContainer(value)) return value;
  if (depth === deepest) return "…";
  if (Array.isArray(value)) return value.map((one) => pruned(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, pruned(one, depth + 1)]));
}

// ---

function containersIn(values: readonly unknown[]): object[] {
  return values.filter(isContainer);
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
