/**
 * The hub: one way out for every reader. It follows the log by cursor, keeps recent events in a bounded
 * ring, and moves each reader on from its own cursor: from the ring where it reaches, else from the log in
 * pages, at the reader's own pace. History and live are one path, so there is no seam to lose events in.
 *
 * @module
 */
import type { EventLog, LogBounds, LoggedEvent } from "../events/event_log.ts";
import { createReader, type Reader, type ReaderOptions } from "./reader.ts";
import { createRing } from "./ring.ts";
import { type CloseReason, closing } from "./close_codes.ts";

/** Bounds and intervals. Times in milliseconds, sizes in bytes of JSON (characters). */
export interface HubOptions {
  /** What the ring may hold. Default 8 MiB. */
  readonly ringBytes?: number;
  /** How often the log is read without being woken. Default 1,000. */
  readonly pollEvery?: number;
  /** A reader that got nothing for so long gets a heartbeat. Default 15,000. */
  readonly heartbeatEvery?: number;
  /** A reader that took nothing for so long is closed. Default 30,000. */
  readonly stalledAfter?: number;
  /** Most readers at once. Default 10,000. */
  readonly maxReaders?: number;
  /** Most readers of one owner. Default: any number. */
  readonly maxReadersEach?: number;
  /** Told when the log cannot be read (and, with null, when it can again). */
  readonly onTrouble?: (error: unknown) => void;
}

export interface Hub {
  /** Adds a reader, or says why it cannot be added: there are too many, or the hub stops. */
  add(options: ReaderOptions): Reader | CloseReason;
  /** Where the log begins and ends, read now: what a cursor must lie between. */
  bounds(): Promise<LogBounds>;
  /** How many readers there are, and the newest event the hub knows. */
  status(): { readonly readers: number; readonly head: number };
  /** Closes all readers (1012: reconnect with your cursor) and stops following the log. */
  stop(): Promise<void>;
}

/** Starts a hub on a log. Rejects when the log cannot be read at all. */
export async function startHub(log: EventLog, options: HubOptions = {}): Promise<Hub> {
  const {
    ringBytes = 8 * 1024 * 1024,
    pollEvery = 1000,
    heartbeatEvery = 15_000,
    stalledAfter = 30_000,
    maxReaders = 10_000,
    maxReadersEach = Infinity,
    onTrouble = () => {},
  } = options;

  const ring = createRing((await log.bounds()).head, ringBytes);
  const readers = new Set<Reader>();
  /** How many readers an owner has. */
  const owned = new Map<string, number>();
  let following: Promise<void> | undefined;
  let wokenAgain = false;
  let stopped = false;

  async function follow(): Promise<void> {
    try {
      do {
        wokenAgain = false;
        let page: readonly LoggedEvent[];
        do {
          page = await log.readAfter(ring.head, { limit: pageSize });
          ring.push(page);
          for (const reader of readers) reader.move();
        } while (page.length === pageSize && !stopped);
      } while (wokenAgain && !stopped);
      onTrouble(null);
    } catch (error) {
      // Polling tries again; readers wait where they are.
      onTrouble(error);
    } finally {
      following = undefined;
    }
  }

  function wake(): void {
    wokenAgain = true;
    if (!stopped) following ??= follow();
  }

  const context = { log, ring, heartbeatEvery, stalledAfter, onTrouble };
  const unlisten = log.onAppend(wake);
  const polling = setInterval(wake, pollEvery);
  // Sockets do not say when they have drained, so readers are looked after at short intervals.
  const tending = setInterval(() => {
    const now = Date.now();
    for (const reader of readers) reader.tend(now);
  }, tendEvery);

  return {
    add(readerOptions) {
      if (stopped) return restarting;
      if (readers.size >= maxReaders) return closing("overloaded", "too many readers: reconnect later");
      const { owner = "" } = readerOptions;
      const others = owned.get(owner) ?? 0;
      if (owner && others >= maxReadersEach) {
        return closing("overloaded", "too many readers with this token: reconnect later");
      }
      owned.set(owner, others + 1);
      const reader = createReader(context, readerOptions, () => {
        readers.delete(reader);
        const left = owned.get(owner)! - 1;
        if (left > 0) owned.set(owner, left);
        else owned.delete(owner);
      });
      readers.add(reader);
      reader.move();
      return reader;
    },
    bounds: () => log.bounds(),
    status: () => ({ readers: readers.size, head: ring.head }),
    async stop() {
      stopped = true;
      clearInterval(polling);
      clearInterval(tending);
      for (const reader of [...readers]) reader.close(restarting);
      await unlisten();
      await following;
    },
  };
}

// ---

/** Events read from the log at a time. */
const pageSize = 1000;
const tendEvery = 100;
const restarting = closing("restart", "the service restarts: reconnect with your cursor");
