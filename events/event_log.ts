/**
 * The log as its readers know it: a port. PostgreSQL is one adapter (`db/event_log.ts`); a broker fed
 * from the log, with the event id as its message id, would be another.
 *
 * @module
 */
import type { View } from "./view.ts";

/** An event ready to be sent: what filters look at, and its JSON as it goes out. */
export interface LoggedEvent {
  readonly id: number;
  readonly type: string;
  readonly room_id: string | null;
  /** The node of the room's JID, for filters; null without a room, and on a page that is filtered already. */
  readonly room_node: string | null;
  readonly json: string;
}

/** Newest id, and the oldest that is kept (`head + 1` when nothing is), of which log. */
export interface LogBounds {
  readonly head: number;
  readonly earliest: number;
  /** A UUID: another one after a restore, for ids are then given anew (ADR 0020). */
  readonly generation: string;
}

/** What a page of the log is asked for. */
export interface LogPage {
  /** Not beyond this id. Absent: to the end. */
  readonly upTo?: number;
  readonly limit: number;
  /** Nothing where the log is another one by now. Absent: whatever log it is. */
  readonly generation?: string;
  /** Only these rooms (ids), only these types, only what this view shows. Absent: all. */
  readonly filter?: {
    readonly rooms?: readonly string[];
    readonly types?: readonly string[];
    readonly view?: View;
  };
}

/** A log whose ids are dense and committed in order. */
export interface EventLog {
  bounds(): Promise<LogBounds>;
  /** Events after an id, oldest first. Fewer than `limit`: no other match up to `upTo`. */
  readAfter(after: number, page: LogPage): Promise<readonly LoggedEvent[]>;
  /** Calls back when there may be something new: a hint. Returns how to stop. */
  onAppend(wake: () => void): () => Promise<void>;
}
