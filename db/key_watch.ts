/**
 * Watching keys that have let somebody in for long: open streams end within five seconds of a revocation on any
 * instance. By polling alone, a small query a second while there are such streams: it needs no connection of its own
 * and nobody's announcement, so a key that is struck out by hand ends, too.
 *
 * While the database is away nothing ends: nothing can be revoked then, either, and there is nothing new to read.
 *
 * @module
 */
import { findCurrentKeys } from "./api_keys.ts";
import type { Sql } from "./connect.ts";

/** Keys in use. */
export interface KeyWatch {
  /** Calls `ended` once the key is revoked. Returns how to stop watching. */
  watch(id: string, ended: () => void): () => void;
  stop(): void;
}

/** Starts watching. `pollEvery` in milliseconds. */
export function watchKeys(sql: Sql, { pollEvery = 1000 }: { readonly pollEvery?: number } = {}): KeyWatch {
  const watched = new Map<string, Set<() => void>>();
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const ids = [...watched.keys()];
    const current = await findCurrentKeys(sql, ids);
    for (const id of ids) {
      if (current.has(id)) continue;
      const callbacks = [...watched.get(id) ?? []];
      watched.delete(id);
      for (const ended of callbacks) ended();
    }
  }

  const polling = setInterval(() => {
    if (watched.size === 0) return;
    looking ??= look().catch(() => {
      // The next poll tries again.
    }).finally(() => looking = undefined);
  }, pollEvery);

  return {
    watch(id, ended) {
      const callbacks = watched.get(id) ?? new Set();
      // One that comes twice counts twice.
      const callback = () => ended();
      watched.set(id, callbacks.add(callback));
      return () => {
        callbacks.delete(callback);
        if (callbacks.size === 0 && watched.get(id) === callbacks) watched.delete(id);
      };
    },
    stop: () => clearInterval(polling),
  };
}
