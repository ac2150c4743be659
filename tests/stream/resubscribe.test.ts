import assert from "node:assert/strict";
import { eventTypes } from "../../events/event.ts";
import type { EventLog, LoggedEvent } from "../../events/event_log.ts";
import { createFilter } from "../../stream/filter.ts";
import { startHub } from "../../stream/hub.ts";
import { until } from "../harness/wait.ts";
import { liveLog, rooms } from "./live_log.ts";
import { addReader } from "./recording_sink.ts";

/** A log in memory whose pages for readers wait until the test lets them go. */
function heldLog(length: number) {
  const events = Array.from({ length }, (_, i): LoggedEvent => {
    const [id, type, room_id] = [i + 1, eventTypes[i % eventTypes.length]!, rooms[i % 3]!];
    return { id, type, room_id, room_node: null, json: JSON.stringify({ id, type, room_id, data: {} }) };
  });
  const waiting: (() => void)[] = [];
  const log: EventLog = {
    bounds: () => Promise.resolve({ head: length, earliest: 1, generation: "a" }),
    async readAfter(after, { upTo = length, limit, filter = {} }) {
      if (after < length) await new Promise<void>((resolve) => waiting.push(resolve));
      const wanted = createFilter(filter);
      return events.filter((event) => event.id > after && event.id <= upTo && wanted.matches(event)).slice(
        0,
        limit,
      );
    },
    onAppend: () => () => Promise.resolve(),
  };
  return { log, waiting };
}

Deno.test("a page under way when the subscription changes is not sent after the new `ready`", async () => {
  const { log, waiting } = heldLog(2000);
  const hub = await startHub(log, { pollEvery: 60_000 });
  const sink = await addReader(hub, { after: 0, rooms: [rooms[0]] });
  await until("the first page is asked for", () => waiting.length === 1);
  sink.reader.subscribe({ filter: createFilter({ rooms: [rooms[1]] }), after: 1000, head: 2000 });
  // One page at a time: the new one is asked for when the old one has come, late.
  assert.equal(waiting.length, 1);
  waiting.shift()!();
  await until("the new page is asked for", () => waiting.length === 1);
  const release = setInterval(() => waiting.shift()?.(), 1);
  await until("the new subscription is served", () => sink.ids().at(-1) === 2000 || sink.ids().length >= 333);
  clearInterval(release);
  assert.deepEqual(sink.frames.slice(0, 2).map(({ type }) => type), ["ready", "ready"]);
  const events = sink.frames.flatMap((frame) => frame.type === "events" ? frame.events : []);
  assert.ok(
    events.every(({ id, room_id }) => id > 1000 && room_id === rooms[1]),
    "only what is asked for now",
  );
  assert.deepEqual(sink.ids(), [...new Set(sink.ids())].sort((a, b) => a - b), "in order, once");
  await hub.stop();
});

Deno.test("a page that cannot be read is read again", async () => {
  const { log } = heldLog(50);
  let failures = 3;
  const troubles: unknown[] = [];
  const hub = await startHub({
    ...log,
    readAfter: (after, page) => {
      if (after < 50 && failures-- > 0) return Promise.reject(new Error("away"));
      const ids = Array.from({ length: 50 - after }, (_, i) => after + i + 1);
      return Promise.resolve(
        ids.slice(0, page.limit).map((id) => ({
          id,
          type: "room_locked",
          room_id: null,
          room_node: null,
          json: JSON.stringify({ id }),
        })),
      );
    },
  }, { onTrouble: (error) => error && troubles.push(error) });
  const sink = await addReader(hub, { after: 0 });
  await until("it arrives after all", () => sink.ids().length === 50);
  assert.equal(troubles.length, 3);
  await hub.stop();
});

Deno.test("a reader that changes its mind gets, after each `ready`, what it last asked for", async () => {
  await using log = await liveLog({ ringBytes: 1000 }, 3000);
  const sink = await addReader(log.hub, { after: 0 });
  const wishes = Array.from({ length: 40 }, (_, i) => ({ after: (i * 733) % 3000, rooms: [rooms[i % 3]!] }));
  for (const [i, { after, rooms }] of wishes.entries()) {
    const { head } = await log.hub.bounds();
    sink.reader.subscribe({ filter: createFilter({ rooms }), after, head });
    if (i % 4 === 0) await log.append(5);
    if (i % 3 === 0) {
      await until("something of it arrives", () => sink.frames.at(-1)!.type === "events" || after > 2990);
    }
  }
  const newest = (await log.ids({ rooms: wishes.at(-1)!.rooms })).at(-1)!;
  await until("the last wish is served", () => sink.ids().at(-1) === newest);

  const served: number[][] = [];
  for (const frame of sink.frames) {
    if (frame.type === "ready") served.push([]);
    if (frame.type === "events") served.at(-1)!.push(...frame.events.map(({ id }) => id));
  }
  assert.equal(served.length, wishes.length + 1);
  for (const [i, wish] of wishes.entries()) {
    const all = await log.ids(wish);
    const got = served[i + 1]!;
    assert.deepEqual(got, all.slice(0, got.length), `wish ${i}: its own events from its own cursor`);
  }
  assert.deepEqual(served.at(-1), await log.ids(wishes.at(-1)!));
});
