/**
 * How frames look on the wire: JSON frames on a WebSocket, or server-sent events. The hub builds a frame
 * once for all readers that share encoding, cursor and filter.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";
import type { ServerFrame } from "./frames.ts";

/** Writes frames. `key` tells encodings apart. */
export interface Encoding {
  readonly key: string;
  /** Every event after `after` will be sent; the log's newest is `head`, and it is of this generation. */
  ready(after: number, head: number, generation: string): string;
  /** Events in order of id, at least one. */
  events(events: readonly LoggedEvent[]): string;
  /** Every match up to `head` has been sent. */
  heartbeat(head: number): string;
}

/** JSON text frames of subprotocol `talky.events.v1`. */
export const webSocketEncoding: Encoding & {
  /** The token ends at `expires` (milliseconds since 1970): a `token` frame keeps the connection. */
  expiring(expires: number): string;
} = {
  key: "ws",
  ready: (after, head, generation) => frame({ type: "ready", after, head, generation }),
  events: (events) => `{"type":"events","events":[${events.map(({ json }) => json).join(",")}]}`,
  heartbeat: (head) => frame({ type: "heartbeat", head }),
  expiring: (expires) => frame({ type: "expiring", expires: new Date(expires).toISOString() }),
};

/**
 * Server-sent events (WHATWG HTML §9.2): each event under its own `id`, so that a browser resumes with
 * `Last-Event-ID`. A heartbeat moves that id on as well, without an event.
 */
export const sseEncoding: Encoding = {
  key: "sse",
  ready: (after, head, generation) =>
    `event: ready\nid: ${after}\ndata: ${JSON.stringify({ after, head, generation })}\n\n`,
  events: (events) => events.map(({ id, json }) => `id: ${id}\ndata: ${json}\n\n`).join(""),
  heartbeat: (head) => `event: heartbeat\nid: ${head}\ndata: ${JSON.stringify({ head })}\n\n`,
};

// ---

function frame(value: ServerFrame): string {
  return JSON.stringify(value);
}
