/**
 * Taking turns: readers that catch up read so many pages of the log at once, and no more, and ask together where it
 * ends, so that connections to the database are left for those who store events and ask for rooms.
 *
 * @module
 */
import type { EventLog, LogPage } from "../events/event_log.ts";

/**
 * A question that is asked once for all who ask it while it is being answered. Nobody gets an answer that was begun
 * before they asked.
 */
export function together<T>(ask: () => Promise<T>): () => Promise<T> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    if (next) return next;
    const mine: Promise<T> = next = current.catch(() => {}).then(() => {
      next = undefined;
      return ask();
    });
    current = mine;
    return mine;
  };
}

/** Lets so many do something at once; others wait for a turn. */
export function takingTurns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

/** A log of which so many pages are read at once. */
export function inTurns(log: EventLog, atOnce: number): EventLog {
  const turn = takingTurns(atOnce);
  return {
    bounds: together(() => log.bounds()),
    onAppend: (wake) => log.onAppend(wake),
    readAfter: (after: number, page: LogPage) => turn(() => log.readAfter(after, page)),
  };
}
