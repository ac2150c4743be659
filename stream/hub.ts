/**
 * The hub: one way out for every reader. It follows the log by cursor, keeps recent events in a bounded
 * ring, and moves each reader on from its own cursor: from the ring where it reaches, else from the log in
 * pages, at the reader's own pace. History and live are one path, so there is no seam to lose events in.
 *
 * @module
 */
import type { EventLog, LogBounds, LoggedEvent } from "../events/event_log.ts";
import { Reader, type ReaderContext, type ReaderOptions } from "./reader.ts";
import { inTurns } from "./turns.ts";
import { createRing, type Found, type Ring } from "./ring.ts";
import type { Filter } from "./filter.ts";
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
  /** Told of each reader that is closed here, and why. */
  readonly onClosed?: (reason: CloseReason) => void;
  /** Pages of the log that readers who catch up read at once. Default 4: fewer than there are connections. */
  readonly catchingUp?: number;
  /** Told when the log cannot be read (and, with null, when it can again). */
  readonly onTrouble?: (error: unknown) => void;
}

/** What streams need of the hub. */
export interface Hub {
  /** Adds a reader, or says why it cannot be added: there are too many, or the hub stops. */
  add(options: ReaderOptions): Reader | CloseReason;
  /** Where the log begins and ends, read now: what a cursor must lie between. */
  bounds(): Promise<LogBounds>;
  /**
   * The first so many matches after an id, of what is in memory of the log of a generation; null where that does not
   * reach back so far. For readers that are no streams.
   */
  recent(after: number, filter: Filter, limit: number, generation: string): Found | null;
  /** Calls back when the log was read, which may have brought something new. Returns how to stop. */
  onRead(callback: () => void): () => void;
  /** How many readers there are, and the newest event the hub knows. */
  status(): { readonly readers: number; readonly head: number };
  /** Closes all readers (1012: reconnect with your cursor) and stops following the log. */
  stop(): Promise<void>;
}

/** Starts a hub on a log. Rejects when the log cannot be read at all. */
export async function startHub(log: EventLog, options: HubOptions = {}): Promise<Hub> {
  return new RunningHub(log, await log.bounds(), {
    ringBytes: 8 * 1024 * 1024,
    pollEvery: 1000,
    heartbeatEvery: 15_000,
    stalledAfter: 30_000,
    maxReaders: 10_000,
    maxReadersEach: Infinity,
    catchingUp: 4,
    onTrouble: () => {},
    onClosed: () => {},
    ...options,
  });
}

// ---

class RunningHub implements Hub {
  /** What is new is read at once, while others catch up. */
  readonly #log: EventLog;
  readonly #inTurns: EventLog;
  readonly #options: Required<HubOptions>;
  readonly #ring: Ring;
  readonly #readers = new Set<Reader>();
  /** How many readers an owner has. */
  readonly #owned = new Map<string, number>();
  readonly #context: ReaderContext & { generation: string };
  /** Generations that the log has had: a cursor of one of them is from before. */
  readonly #former = new Set<string>();
  readonly #callbacks = new Set<() => void>();
  readonly #unlisten: () => Promise<void>;
  readonly #polling: ReturnType<typeof setInterval>;
  readonly #tending: ReturnType<typeof setInterval>;
  #earliest = 1;
  #following: Promise<void> | undefined;
  #wokenAgain = false;
  #checkDue = false;
  #stopped = false;

  constructor(log: EventLog, { head, generation }: LogBounds, options: Required<HubOptions>) {
    const { heartbeatEvery, stalledAfter, onTrouble, onClosed } = options;
    this.#log = log;
    this.#inTurns = inTurns(log, options.catchingUp);
    this.#options = options;
    this.#ring = createRing(head, options.ringBytes);
    this.#context = {
      log: this.#inTurns,
      generation,
      ring: this.#ring,
      heartbeatEvery,
      stalledAfter,
      onTrouble,
      onClosed,
    };
    this.#unlisten = log.onAppend(() => this.#wake());
    this.#polling = setInterval(() => {
      this.#checkDue = true;
      this.#wake();
    }, options.pollEvery);
    // Sockets do not say when they have drained, so readers are looked after at short intervals.
    this.#tending = setInterval(() => {
      const now = Date.now();
      for (const reader of this.#readers) reader.tend(now);
    }, tendEvery);
  }

  add(options: ReaderOptions): Reader | CloseReason {
    // A log that was replaced between the checking of the cursor and now is told at the next attempt.
    if (this.#stopped || options.generation !== this.#context.generation) return restarting;
    const { maxReaders, maxReadersEach } = this.#options;
    if (this.#readers.size >= maxReaders) return closing("overloaded", "too many readers: reconnect later");
    const { owner = "" } = options;
    const others = this.#owned.get(owner) ?? 0;
    if (owner && others >= maxReadersEach) {
      return closing("overloaded", "too many readers with this token: reconnect later");
    }
    this.#owned.set(owner, others + 1);
    const reader = new Reader(this.#context, options, () => {
      this.#readers.delete(reader);
      const left = this.#owned.get(owner)! - 1;
      if (left > 0) this.#owned.set(owner, left);
      else this.#owned.delete(owner);
    });
    this.#readers.add(reader);
    reader.begin(options.head);
    return reader;
  }

  async bounds(): Promise<LogBounds> {
    const bounds = await this.#inTurns.bounds();
    this.#notice(bounds);
    return bounds;
  }

  recent(after: number, filter: Filter, limit: number, generation: string): Found | null {
    const { ring } = this.#context;
    if (generation !== this.#context.generation || after < ring.tail || after > ring.head) return null;
    return ring.read(after, filter, limit);
  }

  onRead(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  status(): ReturnType<Hub["status"]> {
    return { readers: this.#readers.size, head: this.#ring.head };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#polling);
    clearInterval(this.#tending);
    for (const reader of [...this.#readers]) reader.close(restarting);
    await this.#unlisten();
    await this.#following;
  }

  #wake(): void {
    this.#wokenAgain = true;
    if (!this.#stopped) this.#following ??= this.#follow();
  }

  /**
   * Ends the readers of a log that there is no more, for its ids mean something else now, and those whose next events
   * are kept no more.
   */
  #notice({ generation, head, earliest }: LogBounds): void {
    const { generation: former } = this.#context;
    if (generation === former && earliest > this.#earliest) {
      this.#earliest = earliest;
      for (const reader of [...this.#readers]) reader.loseBefore(earliest);
    }
    if (generation === former || this.#former.has(generation)) return;
    this.#earliest = earliest;
    this.#former.add(former);
    this.#context.generation = generation;
    this.#ring.restart(head);
    const reason = closing("otherLog", `the log was restored: it is generation ${generation} now`);
    for (const reader of [...this.#readers]) reader.close(reason);
  }

  async #follow(): Promise<void> {
    const { onTrouble } = this.#options;
    try {
      do {
        this.#wokenAgain = false;
        if (this.#checkDue) this.#notice(await this.#log.bounds());
        this.#checkDue = false;
        let page: readonly LoggedEvent[];
        do {
          const { generation } = this.#context;
          page = await this.#log.readAfter(this.#ring.head, { limit: pageSize, generation });
          // Noticed meanwhile, when the bounds were asked for.
          if (generation !== this.#context.generation) continue;
          this.#ring.push(page);
          for (const reader of this.#readers) reader.move();
        } while (page.length === pageSize && !this.#stopped);
        for (const callback of this.#callbacks) callback();
      } while (this.#wokenAgain && !this.#stopped);
      onTrouble(null);
    } catch (error) {
      // Polling tries again; readers wait where they are.
      onTrouble(error);
    } finally {
      this.#following = undefined;
    }
  }
}

/** Events read from the log at a time. */
const pageSize = 1000;
const tendEvery = 100;
const restarting = closing("restart", "the service restarts: reconnect with your cursor");
