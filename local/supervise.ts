/**
 * Watches over a service of ours, and brings it back when it has died or fallen silent.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";

/** How a service is: it answers, it runs and does not answer, it does not run. */
export type Health = "well" | "silent" | "gone";

/** What is watched over. */
export interface Supervised {
  /** As messages call it, e.g. `PostgreSQL`. */
  readonly name: string;
  /** How it is. Takes `answerWithin` at most; never rejects. */
  check(): Promise<Health>;
  /** Resolves when its process has ended, where that is known before the next check. */
  ended?(): Promise<unknown>;
  /** Ends what is left of it, also what does not listen to signals, and starts it. Rejects with why it does not start. */
  restart(): Promise<void>;
}

/** Who watches. */
export interface Supervisor {
  /** Watches no longer; resolves when nothing is under way. */
  stop(): Promise<void>;
}

/** How long an answer may take, in milliseconds. */
export const answerWithin = 2000;

/** Begins to watch. `say` is told, in a line, what is wrong and what is done about it. */
export function supervise(service: Supervised, say: (line: string) => void): Supervisor {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { name } = service;
  const pause = (milliseconds: number) => delay(milliseconds, undefined, { signal }).catch(() => {});

  /** Resolves when it has to be started again, with why; or, with nothing, when we stop. */
  async function trouble(): Promise<string | undefined> {
    for (let silent = 0; !signal.aborted;) {
      await Promise.race([pause(checkEvery), service.ended?.() ?? never]);
      if (signal.aborted) return;
      const health = await service.check();
      if (health === "gone") return "has died; starting it again";
      // Several in a row, so that a moment of load, or the sleep of a laptop, is no reason.
      silent = health === "silent" ? silent + 1 : 0;
      if (silent === mostSilent) return "runs and does not answer; replacing it";
    }
  }

  /** Tries until it is back, or we stop. */
  async function bringBack(wait: number): Promise<void> {
    for (let said = ""; !signal.aborted; wait = Math.min(wait * 2, longestWait)) {
      await pause(wait);
      if (signal.aborted) return;
      try {
        await service.restart();
        return say(`${name} is back`);
      } catch (error) {
        const { message } = error as Error;
        // Said once, not at every attempt.
        if (message !== said) say(`${message}; trying again`);
        said = message;
      }
    }
  }

  async function watch(): Promise<void> {
    let wait = shortestWait;
    while (true) {
      const since = Date.now();
      const reason = await trouble();
      if (reason === undefined) return;
      say(`${name} ${reason}`);
      // One that dies as soon as it runs is not started again and again at once.
      wait = Date.now() - since > longAfter ? shortestWait : Math.min(wait * 2, longestWait);
      await bringBack(wait);
    }
  }

  const watching = watch();
  return {
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

// ---

const checkEvery = 1000;

/** After so many checks in a row without an answer it is replaced: after 5 to 15 s. */
const mostSilent = 5;

/** Before it is started again, in milliseconds: doubling from one to the other. */
const [shortestWait, longestWait] = [250, 30_000];

/** Who has run for so long, in milliseconds, starts from the shortest again. */
const longAfter = 5000;

const never = new Promise<never>(() => {});
