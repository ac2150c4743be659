/**
 * A reader's end of the stream, in memory: what was sent to it, and as slow as a test wants it.
 *
 * @module
 */
import type { CloseReason } from "../../stream/close_codes.ts";
import { webSocketEncoding } from "../../stream/encoding.ts";
import { createFilter } from "../../stream/filter.ts";
import type { Hub } from "../../stream/hub.ts";
import type { Reader, Sink } from "../../stream/reader.ts";

/** An event as it arrived. */
export interface Received {
  readonly id: number;
  readonly type: string;
  readonly room_id: string | null;
  readonly data: Record<string, unknown>;
}

/** A frame of the server. */
export type Frame =
  | { readonly type: "ready"; readonly after: number; readonly head: number; readonly generation: string }
  | { readonly type: "events"; readonly events: readonly Received[] }
  | { readonly type: "heartbeat"; readonly head: number };

/** A sink that remembers. */
export interface RecordingSink extends Sink {
  readonly frames: Frame[];
  /** Ids of the events, in the order of their arrival. */
  ids(): number[];
  /** Characters that it has not taken; while it is stuck, they grow with every frame. */
  stuck: boolean;
  /** Takes everything that was buffered. */
  drain(): void;
  readonly closed: CloseReason | null;
  readonly largestBuffer: number;
}

/** Makes one. */
export function recordingSink(): RecordingSink {
  const frames: Frame[] = [];
  let buffered = 0;
  let largestBuffer = 0;
  let closed: CloseReason | null = null;
  return {
    frames,
    stuck: false,
    ids: () => frames.flatMap((frame) => frame.type === "events" ? frame.events.map(({ id }) => id) : []),
    send(frame) {
      if (closed) throw new Error("sent after the close");
      frames.push(JSON.parse(frame));
      if (!this.stuck) return;
      buffered += frame.length;
      largestBuffer = Math.max(largestBuffer, buffered);
    },
    buffered: () => buffered,
    drain() {
      this.stuck = false;
      buffered = 0;
    },
    close(reason) {
      closed = reason;
    },
    get closed() {
      return closed;
    },
    get largestBuffer() {
      return largestBuffer;
    },
  };
}

/** What a reader in memory asks for. */
export interface Wanted {
  /** Absent: from now. */
  readonly after?: number;
  readonly rooms?: readonly string[];
  readonly types?: readonly string[];
}

/** Adds a reader in memory to a hub, the way a WebSocket does. */
export async function addReader(
  hub: Hub,
  { after, rooms = [], types = [] }: Wanted = {},
  sink = recordingSink(),
): Promise<RecordingSink & { reader: Reader }> {
  const { head, generation } = await hub.bounds();
  const filter = createFilter({ rooms, types });
  const reader = hub.add({
    sink,
    encoding: webSocketEncoding,
    filter,
    after: after ?? head,
    head,
    generation,
  });
  if ("code" in reader) throw new Error(reader.reason);
  return Object.assign(sink, { reader });
}
