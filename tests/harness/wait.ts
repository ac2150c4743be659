/** Bounds of a wait, in milliseconds. */
export interface UntilOptions {
  /** Default 10,000. */
  readonly timeout?: number;
  /** Default 25. */
  readonly interval?: number;
}

/**
 * Waits until `condition` returns something truthy, and returns it. A condition that throws is tried
 * again; when time is up, the failure says what was waited for and what came of the last try.
 *
 * @example
 * ```ts
 * const [room] = await until("the room is listed", async () => {
 *   const { items } = await list("/rooms");
 *   return items.length > 0 && items;
 * });
 * ```
 */
export async function until<T>(
  description: string,
  condition: () => T | Promise<T>,
  { timeout = 10_000, interval = 25 }: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | "">> {
  const deadline = Date.now() + timeout;
  let last: unknown;
  do {
    try {
      last = await condition();
      if (last) return last as Exclude<T, false | null | undefined | 0 | "">;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  } while (Date.now() < deadline);
  throw new Error(`waited ${timeout} ms, but not: ${description} (last: ${Deno.inspect(last)})`);
}
