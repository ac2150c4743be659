import assert from "node:assert/strict";
import type { EventLog, LoggedEvent } from "../../events/event_log.ts";
import { startHub } from "../../stream/hub.ts";
import { until } from "../harness/wait.ts";
import { addReader } from "./recording_sink.ts";

Deno.test("an append that is announced while the log is being read is not slept over", async () => {
  const events: LoggedEvent[] = [];
  const append = () => {
    const id = events.length + 1;
    events.push({ id, type: "room_locked", room_id: null, room_node: null, json: JSON.stringify({ id }) });
  };
  let wake = () => {};
  let held = Promise.resolve();
  const log: EventLog = {
    bounds: () => Promise.resolve({ head: events.length, earliest: 1, generation: "a" }),
    async readAfter(after, { limit }) {
      // What is appended from here on, this reading does not see.
      const page = events.slice(after, after + limit);
      await held;
      return page;
    },
    onAppend(callback) {
      wake = callback;
      return () => Promise.resolve();
    },
  };
  const hub = await startHub(log, { pollEvery: 60_000 });
  const reader = await addReader(hub);
  const hold = Promise.withResolvers<void>();
  held = hold.promise;
  append();
  wake();
  append();
  wake();
  hold.resolve();
  await until("both arrive", () => reader.ids().length === 2);
  assert.deepEqual(reader.ids(), [1, 2]);
  await hub.stop();
});
