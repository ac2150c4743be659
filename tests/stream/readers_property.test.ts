import assert from "node:assert/strict";
import fc from "fast-check";
import { eventTypes } from "../../events/event.ts";
import { until } from "../harness/wait.ts";
import { liveLog, rooms } from "./live_log.ts";
import { addReader } from "./recording_sink.ts";

const reader = fc.record({
  /** Where it starts, in parts of the log at that time; null: from now. */
  start: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  rooms: fc.subarray([...rooms]),
  types: fc.oneof(fc.constant([]), fc.subarray([...eventTypes], { minLength: 1 })),
  /** Before which step it comes. */
  at: fc.nat({ max: 11 }),
  /** During which steps it takes nothing. */
  stuck: fc.subarray([...Array(12).keys()]),
});
const run = fc.record({
  readers: fc.array(reader, { minLength: 5, maxLength: 25 }),
  steps: fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 120 }),
      /** Characters more in each event: enough that whoever takes nothing for some steps is congested. */
      padding: fc.constantFrom(0, 4000),
    }),
    { minLength: 12, maxLength: 12 },
  ),
  ringBytes: fc.constantFrom(300, 5000, 1_000_000, 8_000_000),
});

Deno.test("every reader, from anywhere, however slow, reads the log under its filter, once", async () => {
  await fc.assert(
    fc.asyncProperty(run, async ({ readers, steps, ringBytes }) => {
      await using log = await liveLog({ ringBytes, heartbeatEvery: 20 }, 50);
      const active: {
        after: number;
        wanted: (typeof readers)[number];
        sink: Awaited<ReturnType<typeof addReader>>;
      }[] = [];
      let newest = 50;
      for (const [step, { count, padding }] of steps.entries()) {
        for (const wanted of readers.filter(({ at }) => at === step)) {
          const { start, rooms, types } = wanted;
          const sink = await addReader(log.hub, {
            rooms,
            types,
            ...(start !== null && { after: Math.floor(start * newest) }),
          });
          const [ready] = sink.frames;
          active.push({ after: ready?.type === "ready" ? ready.after : NaN, wanted, sink });
        }
        for (const { wanted, sink } of active) {
          if (wanted.stuck.includes(step)) sink.stuck = true;
          else sink.drain();
        }
        // Two writers at once.
        const data = { text: "x".repeat(padding) };
        await Promise.all([log.append(count, { data }), log.append(Math.ceil(count / 2), { data })]);
        newest = (await log.hub.bounds()).head;
      }
      for (const { sink } of active) sink.drain();
      for (const { after, wanted, sink } of active) {
        const { rooms, types } = wanted;
        await until("it knows that it has everything", () => {
          const last = sink.frames.at(-1)!;
          return last.type === "heartbeat" ? last.head === newest : sink.ids().at(-1) === newest;
        });
        assert.deepEqual(sink.ids(), await log.ids({ after, rooms, types }));
      }
    }),
    { numRuns: 8, endOnFailure: true },
  );
});
