/**
 * The way out: what it is worth to send what is due in one frame, and what a reader costs.
 *
 * @module
 */
import { webSocketEncoding } from "../stream/encoding.ts";
import type { EventLog, LoggedEvent } from "../events/event_log.ts";
import { createFilter } from "../stream/filter.ts";
import { type Hub, startHub } from "../stream/hub.ts";
import type { Finding } from "./finding.ts";

const readers = 500;

/** Deliveries a second to many readers, and memory of an idle one. The log is in memory: only the hub counts. */
export async function* benchStreaming(): AsyncGenerator<Finding> {
  const figures = [];
  for (const burst of [1, 20, 200]) {
    const log = memoryLog();
    const hub = await startHub(log, { pollEvery: 60_000 });
    let delivered = 0;
    for (let i = 0; i < readers; i++) addReader(hub, (frame) => delivered += frame.length > 100 ? burst : 0);
    const bursts = Math.ceil(2000 / burst);
    const begun = performance.now();
    for (let i = 0; i < bursts; i++) {
      log.append(burst);
      // As in life: what is appended while the hub works is due together.
      while (hub.status().head < log.head()) await Promise.resolve();
    }
    const value = delivered / ((performance.now() - begun) / 1000);
    await hub.stop();
    figures.push({ label: `${burst} event(s) due at a time`, value });
  }
  yield { name: `Deliveries a second to ${readers} readers (without the network)`, figures };

  const log = memoryLog();
  const hub = await startHub(log, { pollEvery: 60_000 });
  const before = heap();
  for (let i = 0; i < 10_000; i++) addReader(hub, () => {});
  const bytes = (heap() - before) / 10_000;
  await hub.stop();
  yield {
    name: "Memory of an idle reader in the hub",
    figures: [{ label: "bytes (the socket not counted)", value: bytes }],
  };
}

// ---

/** What the heap holds after a collection (the task exposes it to us). */
function heap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed;
}

function addReader(hub: Hub, send: (frame: string) => void): void {
  const head = hub.status().head;
  hub.add({
    encoding: webSocketEncoding,
    filter: createFilter({}),
    after: head,
    head,
    generation,
    sink: { send, buffered: () => 0, close: () => {} },
  });
}

const generation = crypto.randomUUID();

function memoryLog(): EventLog & { append(count: number): void; head(): number } {
  const events: LoggedEvent[] = [];
  let wake = () => {};
  return {
    head: () => events.length,
    append(count) {
      for (let i = 0; i < count; i++) {
        const id = events.length + 1;
        events.push({
          id,
          type: "message_sent",
          room_id: null,
          room_node: null,
          json: `{"id":${id},"pad":"${"x".repeat(200)}"}`,
        });
      }
      wake();
    },
    bounds: () => Promise.resolve({ head: events.length, earliest: 1, generation }),
    readAfter: (after, { limit }) => Promise.resolve(events.slice(after, after + limit)),
    onAppend(listener) {
      wake = listener;
      return () => Promise.resolve();
    },
  };
}
