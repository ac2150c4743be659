/**
 * One reader of the stream: a cursor, a filter and a sink. Moves on as far as its sink takes frames, and
 * no further: what a slow reader costs is bounded by one page and its socket's buffer.
 *
 * @module
 */
import { type CloseReason, closing } from "./close_codes.ts";
import type { Encoding } from "./encoding.ts";
import type { EventLog } from "../events/event_log.ts";
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
  /** The log's newest id when the cursor was checked. */
  readonly head: number;
  /** Whose reader it is, of whom there may be only so many. Absent: nobody's. */
  readonly owner?: string;
}

export interface Reader {
  /** Sends what is due, if the sink takes it. */
  move(): void;
  /** Regular care: moves on when the sink has drained, sends heartbeats, closes a stalled reader. */
  tend(now: number): void;
  /** Replaces cursor and filter; a `ready` frame says from where. */
  subscribe(subscription: Pick<ReaderOptions, "filter" | "after" | "head">): void;
  /** Replaces the filter alone; it goes on where it is. */
  show(filter: Filter): void;
  /** Takes it off the hub and closes its sink. */
  close(reason: CloseReason): void;
  /** Takes it off the hub; its sink is closed already. */
  remove(): void;
}

/** What all readers of a hub share. */
export interface ReaderContext {
  readonly log: EventLog;
  readonly ring: Ring;
  readonly heartbeatEvery: number;
  readonly stalledAfter: number;
  readonly onTrouble: (error: unknown) => void;
}

/** Makes a reader and sends its `ready` frame. */
export function createReader(context: ReaderContext, options: ReaderOptions, onRemove: () => void): Reader {
  const { log, ring, heartbeatEvery, stalledAfter } = context;
  const { sink, encoding } = options;
  let { filter, after: cursor } = options;
  /** Set while a page is read from the log; a new subscription makes its answer worthless. */
  let paging: object | null = null;
  let lastSent = Date.now();
  let lastTaken = Date.now();
  let lastBuffered = 0;
  let removed = false;
  let moving = false;

  /**
   * A sink may call anything here before it returns, and throw: one that is gone must hinder neither the other
   * readers nor the hub. So whatever a send follows from is written down before it.
   */
  function send(frame: string): void {
    lastSent = Date.now();
    try {
      sink.send(frame);
    } catch {
      close(broken);
    }
  }

  function move(): void {
    // From within a send: the loop around it goes on, from wherever the cursor is then.
    if (moving) return;
    moving = true;
    while (!removed && !paging && cursor < ring.head && sink.buffered() < congested) {
      if (cursor < ring.tail) {
        readPage();
        break;
      }
      const { frame, through } = ring.step(cursor, filter, encoding);
      cursor = through;
      if (frame !== null) send(frame);
    }
    moving = false;
  }

  async function readPage(): Promise<void> {
    const page = paging = {};
    const upTo = ring.head;
    try {
      const events = await log.readAfter(cursor, { upTo, limit: frameEvents, filter });
      if (removed || paging !== page) return;
      const frame = fitting(events);
      // What did not fit is read again, when the sink has taken this.
      cursor = events.length < frameEvents && frame.length === events.length ? upTo : frame.at(-1)!.id;
      if (frame.length > 0) send(encoding.events(frame));
    } catch (error) {
      // `tend` tries again.
      context.onTrouble(error);
      return;
    } finally {
      if (paging === page) paging = null;
    }
    move();
  }

  function remove(): void {
    if (removed) return;
    removed = true;
    onRemove();
  }

  function close(reason: CloseReason): void {
    if (removed) return;
    remove();
    try {
      sink.close(reason);
    } catch {
      // It is closed already, without our knowing.
    }
  }

  send(encoding.ready(options.after, options.head));

  return {
    move,
    tend(now) {
      const buffered = sink.buffered();
      if (buffered === 0 || buffered < lastBuffered) lastTaken = now;
      lastBuffered = buffered;
      if (buffered > 0 && now - lastTaken > stalledAfter) {
        return close(closing("slow", `no progress for ${stalledAfter / 1000} s`));
      }
      move();
      if (!removed && cursor >= ring.head && !paging && now - lastSent >= heartbeatEvery && buffered === 0) {
        send(encoding.heartbeat(cursor));
      }
    },
    subscribe(subscription) {
      paging = null;
      ({ filter, after: cursor } = subscription);
      send(encoding.ready(cursor, subscription.head));
      move();
    },
    show(another) {
      if (another.key === filter.key) return;
      paging = null;
      filter = another;
      move();
    },
    close,
    remove,
  };
}

// ---

const broken = closing("overloaded", "the connection cannot be written to");

/** A sink that holds more than this is left alone until it has drained. */
const congested = 512 * 1024;
