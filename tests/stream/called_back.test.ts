import assert from "node:assert/strict";
import fc from "fast-check";
import { closeCodes, type CloseReason, closing } from "../../stream/close_codes.ts";
import { createFilter } from "../../stream/filter.ts";
import { until } from "../harness/wait.ts";
import { type LiveLog, liveLog } from "./live_log.ts";
import { addReader, recordingSink } from "./recording_sink.ts";

const filter = createFilter({ rooms: [], types: [] });
const reason = closing("restart", "enough");

type Reader = Awaited<ReturnType<typeof addReader>>;

/** What a sink may do before its `send` returns. */
const reactions = {
  "reads on from the beginning": ({ reader }: Reader) => reader.subscribe({ filter, after: 0, head: 0 }),
  "closes": ({ reader }: Reader) => reader.close(reason),
  "goes": ({ reader }: Reader) => reader.remove(),
  "moves": ({ reader }: Reader) => reader.move(),
  "is tended": ({ reader }: Reader) => reader.tend(Date.now() + 60_000),
  "brings another": (_: Reader, { hub }: LiveLog) => void addReader(hub, { after: 0 }),
  "throws": () => {
    throw new Error("the socket is gone");
  },
} as const;
type Reaction = keyof typeof reactions;

/** Adds a reader whose sends do these things, one a send. */
async function addLively(log: LiveLog, todo: readonly Reaction[], after: number): Promise<Reader> {
  const plain = recordingSink();
  const { send, close } = plain;
  const added: { reader?: Reader } = {};
  let next = 0;
  const sink = Object.assign(plain, {
    send(this: typeof plain, frame: string) {
      send.call(plain, frame);
      // The first frame comes before there is a reader.
      const reaction = added.reader && todo[next++];
      if (reaction) reactions[reaction](added.reader!, log);
    },
    close(why: CloseReason) {
      close.call(plain, why);
      // As a socket that was closed before.
      if (todo.includes("throws")) throw new Error("closed already");
    },
  });
  return added.reader = await addReader(log.hub, { after }, sink);
}

/** The id that a reader is to hear of next. Throws where it has not heard, from each `ready` on, of all in order. */
function nextOf({ frames }: Reader): number {
  let next = NaN;
  for (const frame of frames) {
    if (frame.type === "ready") next = frame.after + 1;
    else if (frame.type === "events") {
      for (const { id } of frame.events) assert.equal(id, next++);
    }
  }
  return next;
}

Deno.test("whatever sinks do within a send: others read on, and the cursor set last counts", async () => {
  // From the ring, and from the log in pages.
  for (const ringBytes of [1_000_000, 300]) {
    await using log = await liveLog({ ringBytes, heartbeatEvery: 20, pollEvery: 50 }, 30);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom(...Object.keys(reactions) as Reaction[]), { maxLength: 4 }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (readers) => {
          const { head } = await log.hub.bounds();
          const well = await addReader(log.hub, { after: head });
          const lively = await Promise.all(readers.map((todo) => addLively(log, todo, head - 5)));
          const newest = await log.append(5);
          await until("the one that does nothing has everything", () => well.ids().at(-1) === newest);
          assert.deepEqual(well.ids(), [1, 2, 3, 4, 5].map((n) => head + n));
          const kept = lively.filter((_, index) =>
            !readers[index]!.some((one) => /closes|goes|throws/.test(one))
          );
          for (const reader of kept) {
            await until("it has everything, too", () => nextOf(reader) === newest + 1);
          }
          for (const { reader } of [well, ...lively]) reader.remove();
        },
      ),
      { numRuns: 40 },
    );
  }
});

Deno.test("a hub that stops tells every reader, also those behind one that cannot be told", async () => {
  await using log = await liveLog({}, 1);
  await addLively(log, ["throws"], 1);
  const last = await addReader(log.hub);
  await log.hub.stop();
  assert.equal(last.closed?.code, closeCodes.restart.code);
});
