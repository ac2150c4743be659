/**
 * One reader of the stream: a cursor, a filter and a sink. Moves on as far as its sink takes frames, and
 * no further: what a slow reader costs is bounded by one page and its socket's buffer.
 *
 * @module
 */
import { type CloseReason, closing, goneBefore } from "./close_codes.ts";
import type { Encoding } from "./encoding.ts";
import type { EventLog, LoggedEvent } from "../events/event_log.ts";
import type { Filter } from "./filter.ts";
import { fitting, frameEvents, type Ring } from "./ring.ts";

/** Where frames go: a WebSocket or an SSE response. */
export interface Sink {
  send(frame: string): void;
  /** Bytes (or characters) handed over and not yet taken by the network. */
  buffered(): number;
  close(reason: CloseReason): void;
}

export interface ReaderOptions {
  readonly sink: Sink;
  readonly encoding: Encoding;
  readonly filter: Filter;
  /** Cursor: the id after which it reads. */
  readonly after: number;
  /** The log's newest id when the cursor was checked, and which log it was. */
  readonly head: number;
  readonly generation: string;
  /** Whose reader it is, of whom there may be only so many. Absent: nobody's. */
  readonly owner?: string;
}

/** What all readers of a hub share. */
export interface ReaderContext {
  readonly log: EventLog;
  /** The log that all of them read. */
  readonly generation: string;
  readonly ring: Ring;
  readonly heartbeatEvery: number;
  readonly stalledAfter: number;
  readonly onTrouble: (error: unknown) => void;
  readonly onClosed: (reason: CloseReason) => void;
}

/** A reader. It is made first, and {@link Reader.begin} sends: what a sink does then finds it in its place. */
export class Reader {
  readonly #context: ReaderContext;
  readonly #sink: Sink;
  readonly #encoding: Encoding;
  readonly #onRemove: () => void;
  #filter: Filter;
  #cursor: number;
  /** Set while a page is read from the log. */
  #paging = false;
  /** How often the subscription has changed: a page that was asked for before it is worthless. */
  #changes = 0;
  #lastSent = Date.now();
  #lastTaken = Date.now();
  #lastBuffered = 0;
  #removed = false;
  #moving = false;

  constructor(context: ReaderContext, options: ReaderOptions, onRemove: () => void) {
    this.#context = context;
    this.#sink = options.sink;
    this.#encoding = options.encoding;
    this.#onRemove = onRemove;
    this.#filter = options.filter;
    this.#cursor = options.after;
  }

  /** Sends the `ready` frame and what is due. `head` is the log's newest id when the cursor was checked. */
  begin(head: number): void {
    this.#send(this.#encoding.ready(this.#cursor, head, this.#context.generation));
    this.move();
  }

  /** Sends what is due, if the sink takes it. */
  move(): void {
    // From within a send: the loop around it goes on, from wherever the cursor is then.
    if (this.#moving) return;
    this.#moving = true;
    const { ring } = this.#context;
    while (!this.#removed && !this.#paging && this.#cursor < ring.head && this.#sink.buffered() < congested) {
      if (this.#cursor < ring.tail) {
        this.#readPage();
        break;
      }
      const { frame, through } = ring.step(this.#cursor, this.#filter, this.#encoding);
      this.#cursor = through;
      if (frame !== null) this.#send(frame);
    }
    this.#moving = false;
  }

  /** Regular care: moves on when the sink has drained, sends heartbeats, closes a stalled reader. */
  tend(now: number): void {
    const { ring, heartbeatEvery, stalledAfter } = this.#context;
    const buffered = this.#sink.buffered();
    if (buffered === 0 || buffered < this.#lastBuffered) this.#lastTaken = now;
    this.#lastBuffered = buffered;
    if (buffered > 0 && now - this.#lastTaken > stalledAfter) {
      return this.close(closing("slow", `no progress for ${stalledAfter / 1000} s`));
    }
    this.move();
    const isQuiet = this.#cursor >= ring.head && !this.#paging && buffered === 0;
    if (!this.#removed && isQuiet && now - this.#lastSent >= heartbeatEvery) {
      this.#send(this.#encoding.heartbeat(this.#cursor));
    }
  }

  /** Replaces cursor and filter; a `ready` frame says from where. */
  subscribe({ filter, after, head }: Pick<ReaderOptions, "filter" | "after" | "head">): void {
    this.#changes++;
    this.#filter = filter;
    this.#cursor = after;
    this.begin(head);
  }

  /** Replaces the filter alone; it goes on where it is. */
  show(filter: Filter): void {
    if (filter.key === this.#filter.key) return;
    this.#changes++;
    this.#filter = filter;
    this.move();
  }

  /** Closes a reader that has not read up to what is kept: what it would read next is gone. */
  loseBefore(earliest: number): void {
    if (this.#cursor < earliest - 1) this.close(goneBefore(earliest));
  }

  /** Takes it off the hub and closes its sink. */
  close(reason: CloseReason): void {
    if (this.#removed) return;
    this.remove();
    this.#context.onClosed(reason);
    try {
      this.#sink.close(reason);
    } catch {
      // It is closed already, without our knowing.
    }
  }

  /** Takes it off the hub; its sink is closed already. */
  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.#onRemove();
  }

  /**
   * A sink may call anything here before it returns, and throw: one that is gone must hinder neither the other
   * readers nor the hub. So whatever a send follows from is written down before it.
   */
  #send(frame: string): void {
    this.#lastSent = Date.now();
    try {
      this.#sink.send(frame);
    } catch {
      this.close(broken);
    }
  }

  /** One page at a time, also of a reader that subscribes anew all the time. */
  async #readPage(): Promise<void> {
    this.#paging = true;
    const changes = this.#changes;
    const upTo = this.#context.ring.head;
    try {
      const events = await this.#context.log.readAfter(this.#cursor, {
        upTo,
        limit: frameEvents,
        filter: this.#filter,
        generation: this.#context.generation,
      });
      // Asked after the page was read: what was gone by then is not in it, and would be passed over.
      const { earliest } = await this.#context.log.bounds();
      this.#paging = false;
      if (this.#removed) return;
      if (changes === this.#changes) {
        this.loseBefore(earliest);
        if (this.#removed) return;
        this.#take(events, upTo);
      }
    } catch (error) {
      this.#paging = false;
      // `tend` tries again.
      this.#context.onTrouble(error);
      return;
    }
    this.move();
  }

  #take(events: readonly LoggedEvent[], upTo: number): void {
    const frame = fitting(events);
    // What did not fit is read again, when the sink has taken this.
    const isLast = events.length < frameEvents && frame.length === events.length;
    this.#cursor = isLast ? upTo : frame.at(-1)!.id;
    if (frame.length > 0) this.#send(this.#encoding.events(frame));
  }
}

// ---

const broken = closing("overloaded", "the connection cannot be written to");

/** A sink that holds more than this is left alone until it has drained. */
const congested = 512 * 1024;
