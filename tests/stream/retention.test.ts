import assert from "node:assert/strict";
import { forgetOldEvents } from "../../db/retention.ts";
import { closeCodes } from "../../stream/close_codes.ts";
import { until } from "../harness/wait.ts";
import { type LiveLog, liveLog, rooms } from "./live_log.ts";
import { addReader, recordingSink } from "./recording_sink.ts";

/** Everything that is stored by now is old enough. */
const age = ({ sql }: LiveLog) =>
  sql`insert into log_marks (head, time) select id, now() - interval '9 days' from log_head on conflict do nothing`;

Deno.test("events go while readers read: nobody has a gap; who was before is told 4410", async () => {
  await using log = await liveLog({ ringBytes: 20_000, pollEvery: 20 }, 5000);
  const slow = recordingSink();
  // It takes a page, and no more for now.
  slow.buffered = () => slow.frames.length > 1 ? 1e9 : 0;
  const behind = await addReader(log.hub, { after: 0 }, slow);
  const live = await addReader(log.hub, { after: 5000 });
  const readers = [];
  for (let round = 0; round < 20; round++) {
    if (round % 5 === 0) await age(log);
    await log.append(200);
    const { earliest } = await log.hub.bounds();
    readers.push({ reader: await addReader(log.hub, { after: earliest - 1 }), from: earliest });
    await forgetOldEvents(log.sql, 8);
  }
  const newest = await log.append(1);
  await until("the live one has everything", () => live.ids().at(-1) === newest);
  assert.deepEqual(live.ids(), Array.from({ length: newest - 5000 }, (_, n) => 5001 + n));
  for (const { reader, from } of readers) {
    await until("it is told, or has everything", () => reader.closed ?? reader.ids().at(-1) === newest);
    if (reader.closed) assert.equal(reader.closed.code, closeCodes.gone.code);
    const ids = reader.ids();
    assert.deepEqual(
      ids,
      Array.from({ length: ids.length }, (_, n) => from + n),
      "from its cursor on, without a gap",
    );
  }
  await until("who was far behind is told", () => behind.closed);
  assert.equal(behind.closed?.code, closeCodes.gone.code);
  assert.match(behind.closed!.reason, /earliest kept event: \d+/);
});

Deno.test("a page that was read while its events went is not taken for complete, also under a filter", async () => {
  // The hub learns of it by the page, not by looking.
  await using log = await liveLog({ ringBytes: 1000, pollEvery: 3_600_000 }, 6000);
  const sink = recordingSink();
  let taken = 1;
  sink.buffered = () => sink.frames.length > taken ? 1e9 : 0;
  const reader = await addReader(log.hub, { after: 0, rooms: [rooms[0]] }, sink);
  await until("the first page", () => reader.ids().length > 0);
  await log.sql`update log_head set earliest = 6001`;
  await log.sql`delete from events where id <= 5990`;
  taken = Infinity;
  await until("it is told", () => reader.closed);
  assert.equal(reader.closed?.code, closeCodes.gone.code);
});
