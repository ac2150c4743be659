import assert from "node:assert/strict";
import type { OutboxSubmission } from "../../events/submission.ts";
import type { SourceRecord } from "../../events/record.ts";
import { createRecorder } from "../../ingest/recorder.ts";
import { fixtureRecords, outboxRun, readLog, readRows, readSequences } from "../db/outbox.ts";
import { roomRecord, uuid } from "../events/history.ts";
import { testDatabase } from "../harness/database.ts";
import { created, message, messages, outcomes, port, room, telemetry } from "./submissions.ts";

/** Valid for us, impossible for PostgreSQL. */
const poison: Record<string, SourceRecord> = {
  "half a surrogate pair": message(3, { length: 1, body: "\ud800" }),
  "a time that PostgreSQL does not know": { ...message(3), time: "0000-01-01T00:00:00.000Z" },
  "a NUL character": message(3, { length: 1, body: "\u0000" }),
};
for (const [what, record] of Object.entries(poison)) {
  for (const place of [0, 3, 6]) {
    Deno.test(`the database refuses ${what} at ${place}: that line is kept aside, the rest is stored`, async () => {
      await using database = await testDatabase();
      const recorder = createRecorder(port(database.sql));
      const records = ([created, ...messages(1, 6)] as SourceRecord[]).toSpliced(place, 0, record);
      // A run of one line is not to be taken for the one that was refused.
      const runs: OutboxSubmission[] = [
        outboxRun(records),
        outboxRun(messages(6, 8), { first: records.length + 1 }),
        outboxRun(messages(8, 9), { first: records.length + 3 }),
      ];
      await Promise.all([...runs.map((run) => recorder.submit(run)), recorder.submit(telemetry({}))]);

      const log = await readLog(database.sql);
      assert.deepEqual(log.map(({ type }) => type).sort(), [
        ...Array(8).fill("message_sent"),
        "p2p_session_stats",
        "room_created",
      ]);
      assert.deepEqual(
        log.filter(({ type }) => type === "message_sent").map(({ time }) => time),
        messages(1, 9).map(({ time }) => time),
      );
      const rejected = await database.sql`select origin_ref, code, record from rejected`;
      assert.deepEqual(rejected.map(({ origin_ref, code }) => [origin_ref, code]), [
        [`node-a/1-0000000a/${place + 1}`, "refused_by_database"],
      ]);
      assert.deepEqual(JSON.parse(rejected[0]!["record"]), JSON.parse(JSON.stringify(record)));
      assert.deepEqual(await readSequences(database.sql), { "node-a/1-0000000a": 10 });
      // Once more, from before: nothing twice.
      for (const run of runs) await recorder.submit(run);
      assert.equal((await readLog(database.sql)).length, 10);
    });
  }
}

Deno.test("two joins at the same moment, written differently, stop nothing", async () => {
  await using database = await testDatabase();
  const recorder = createRecorder(port(database.sql));
  const join = (time: string) =>
    roomRecord("occupant_joined", room, time, {
      actor: uuid(1, 1),
      data: { userid: "ada@users.talky.test" },
    });
  await recorder.submit(
    outboxRun([created, join("2026-01-01T00:00:01.000Z"), join("2026-01-01T00:00:01.000+00:00")]),
  );
  assert.equal((await readRows(database.sql)).occupants.length, 1);
  assert.equal((await readLog(database.sql)).length, 3);
});

Deno.test("a telemetry batch that the database refuses is the client's to hear, and nobody else's", async () => {
  await using database = await testDatabase();
  const recorder = createRecorder(port(database.sql));
  const submissions = [
    telemetry({ data: { n: 1 } }),
    telemetry({ room_id: uuid(9, 9) }),
    outboxRun(fixtureRecords),
    telemetry({ data: { n: 2 } }),
  ].map((submission) => recorder.submit(submission));
  assert.deepEqual(await outcomes(submissions), ["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  const stats = (await readLog(database.sql)).filter(({ type }) => type === "p2p_session_stats");
  assert.deepEqual(stats.map(({ data }) => data), [{ n: 1 }, { n: 2 }]);
});
