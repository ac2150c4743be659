import assert from "node:assert/strict";
import { until } from "../harness/wait.ts";
import { liveLog, rooms } from "./live_log.ts";
import { addReader } from "./recording_sink.ts";

Deno.test("what is committed right after `ready` arrives, and nothing from before", async () => {
  await using log = await liveLog({ pollEvery: 60_000 }, 20);
  for (let round = 0; round < 10; round++) {
    const reader = await addReader(log.hub);
    const [ready] = reader.frames;
    const newest = await log.append(3);
    const { generation } = await log.hub.bounds();
    assert.deepEqual(ready, { type: "ready", after: newest - 3, head: newest - 3, generation });
    await until("it arrives", () => reader.ids().length >= 3);
    assert.deepEqual(reader.ids(), [newest - 2, newest - 1, newest]);
  }
});

Deno.test("from any cursor: all that follows, history and live as one", async () => {
  await using log = await liveLog({}, 40);
  const readers = await Promise.all(Array.from({ length: 41 }, (_, after) => addReader(log.hub, { after })));
  await log.append(10);
  for (const [after, reader] of readers.entries()) {
    await until(`the reader after ${after} has everything`, () => reader.ids().at(-1) === 50);
    assert.deepEqual(reader.ids(), await log.ids({ after }));
  }
});

Deno.test("a filtered reader gets its matches, and learns by heartbeat how far it has read", async () => {
  await using log = await liveLog({ heartbeatEvery: 50 }, 30);
  const wanted = { rooms: [rooms[1]], types: ["room_created", "audio_paused", "occupant_left"] };
  const reader = await addReader(log.hub, { after: 0, ...wanted });
  const newest = await log.append(30);
  await until("a heartbeat tells the newest id", () => {
    const last = reader.frames.at(-1)!;
    return last.type === "heartbeat" && last.head === newest;
  });
  assert.deepEqual(reader.ids(), await log.ids(wanted));
  assert.ok(reader.ids().length > 0 && reader.ids().at(-1)! < newest);
  // A heartbeat never runs ahead of the events it speaks for.
  let head = 0;
  for (const frame of reader.frames) {
    if (frame.type === "heartbeat") head = frame.head;
    if (frame.type === "events") assert.ok(frame.events[0]!.id > head);
  }
});

Deno.test("what the ring has forgotten is read from the log, in order and without a seam", async () => {
  await using log = await liveLog({ ringBytes: 2000 }, 1500);
  const early = await addReader(log.hub, { after: 0 });
  const filtered = await addReader(log.hub, { after: 7, rooms: [rooms[0]] });
  // Two writers at once, so that more comes while pages are read.
  for (let i = 0; i < 20; i++) await Promise.all([log.append(35), log.append(35)]);
  for (const reader of [early, filtered]) {
    await until("it has caught up", () => (reader.ids().at(-1) ?? 0) > 2896);
  }
  assert.deepEqual(early.ids(), await log.ids());
  assert.deepEqual(filtered.ids(), await log.ids({ after: 7, rooms: [rooms[0]] }));
});

Deno.test("a reader that takes nothing costs little, hinders nobody and goes on where it was", async () => {
  await using log = await liveLog({ ringBytes: 20_000, stalledAfter: 60_000 });
  const stuck = await addReader(log.hub, { after: 0 });
  stuck.stuck = true;
  const quick = await addReader(log.hub, { after: 0 });
  const data = { text: "x".repeat(1000) };
  for (let i = 0; i < 30; i++) await log.append(100, { data });
  await until("the other has everything", () => quick.ids().length === 3000);
  // What may pile up: 512 KiB until it counts as congested, and one page on top.
  assert.ok(stuck.ids().length < 2000, `${stuck.ids().length} events were pushed at it`);
  assert.ok(stuck.largestBuffer < 1.5 * 1024 * 1024, `${stuck.largestBuffer} characters wait for it`);
  assert.equal(stuck.closed, null);
  stuck.drain();
  await until("it has caught up", () => stuck.ids().length === 3000);
  assert.deepEqual(stuck.ids(), await log.ids());
});

Deno.test("a reader that makes no progress is closed with 4408; others stay", async () => {
  await using log = await liveLog({ stalledAfter: 300 });
  const stuck = await addReader(log.hub);
  const quick = await addReader(log.hub);
  stuck.stuck = true;
  await log.append(5);
  await until("it is closed", () => stuck.closed);
  assert.equal(stuck.closed!.code, 4408);
  assert.equal(log.hub.status().readers, 1);
  await log.append(5);
  await until("the other goes on", () => quick.ids().length === 10);
  assert.equal(quick.closed, null);
});

Deno.test("an idle reader is not a stalled one", async () => {
  await using log = await liveLog({ stalledAfter: 200, heartbeatEvery: 50 });
  const reader = await addReader(log.hub);
  await until("it has lived through several heartbeats", () => reader.frames.length > 10);
  assert.equal(reader.closed, null);
});

Deno.test("stopping closes every reader with 1012, and takes no more", async () => {
  await using log = await liveLog({}, 5);
  const readers = await Promise.all([addReader(log.hub), addReader(log.hub, { after: 0 })]);
  await log.hub.stop();
  for (const reader of readers) assert.equal(reader.closed?.code, 1012);
  assert.deepEqual(log.hub.status().readers, 0);
  await assert.rejects(addReader(log.hub), /restarts/, "and says that it is for a moment");
});

Deno.test("no more readers than there may be; one that goes makes room", async () => {
  await using log = await liveLog({ maxReaders: 2 });
  const first = await addReader(log.hub);
  await addReader(log.hub);
  await assert.rejects(addReader(log.hub), /too many/);
  first.reader.remove();
  await addReader(log.hub);
});
