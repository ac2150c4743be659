import assert from "node:assert/strict";
import { connect, isRefusedData } from "../../db/connect.ts";
import { createRecorder } from "../../ingest/recorder.ts";
import { fixtureRecords, outboxRun, readLog, readSequences, storeAll } from "../db/outbox.ts";
import { testDatabase } from "../harness/database.ts";
import { at, created, messages, outcomes, port, telemetry } from "./submissions.ts";

Deno.test("what arrives together is stored together, in order, before it is acknowledged", async () => {
  await using database = await testDatabase();
  const gate = port(database.sql);
  const recorder = createRecorder(gate);
  let first = 1;
  const submitted = [[created, ...messages(1, 5)], messages(5, 30), messages(30, 31)].map((records) => {
    const run = outboxRun(records, { first });
    first += records.length;
    return recorder.submit(run).then(async () => {
      const stored = await readSequences(database.sql);
      assert.ok(stored["node-a/1-0000000a"]! >= run.lines.at(-1)!.seq);
    });
  });
  await Promise.all([...submitted, recorder.submit(telemetry({}))]);
  assert.deepEqual(gate.groups, [4]);
  const log = await readLog(database.sql);
  assert.deepEqual(
    log.slice(1, 31).map(({ data }) => (data as { length: number }).length),
    messages(1, 31).map((_, i) => i + 1),
  );
  assert.equal(log.at(-1)!.type, "p2p_session_stats");
});

Deno.test("a group has a bound, so that no writer waits for long", async () => {
  await using database = await testDatabase();
  const gate = port(database.sql);
  const recorder = createRecorder(gate);
  const runs = Array.from(
    { length: 12 },
    (_, n) =>
      outboxRun(n === 0 ? [created, ...messages(1, 500)] : messages(n * 500, n * 500 + 500), {
        first: n * 500 + 1,
      }),
  );
  await Promise.all(runs.map((run) => recorder.submit(run)));
  assert.equal(gate.groups.reduce((sum, size) => sum + size), 12);
  assert.ok(Math.max(...gate.groups) <= 4, `at most 2,000 events in one transaction: ${gate.groups}`);
  assert.equal((await readLog(database.sql)).length, 6000);
});

Deno.test("a batch behind one that failed is not stored before it: the outbox sends both again", async () => {
  await using database = await testDatabase();
  const gate = port(database.sql);
  const recorder = createRecorder(gate);
  const big = Array.from(
    { length: 3 },
    (_, n) =>
      outboxRun(n === 0 ? [created, ...messages(1, 1500)] : messages(n * 1500, n * 1500 + 1500), {
        first: n * 1500 + 1,
      }),
  );
  const other = outboxRun(fixtureRecords, { source: "node-b" });
  gate.failures.push(new Error("the connection is gone"));
  const submissions = [big[0]!, big[1]!, big[2]!, other].map((run) => recorder.submit(run));
  assert.deepEqual(await outcomes(submissions), ["rejected", "rejected", "rejected", "fulfilled"]);
  assert.deepEqual(Object.keys(await readSequences(database.sql)), ["node-b/1-0000000a"]);

  await assert.rejects(
    recorder.submit(big[1]!),
    "until the outbox is subscribed to anew, which begins with the first",
  );
  assert.deepEqual(gate.groups, [1, 1], "what is behind it is not even tried");
  for (const run of [{ ...big[0]!, resumes: true }, big[1]!, big[2]!]) await recorder.submit(run);
  assert.deepEqual((await readSequences(database.sql))["node-a/1-0000000a"], 4500);
  assert.equal((await readLog(database.sql)).length, 4500 + fixtureRecords.length - 3);
});

Deno.test("the last of an epoch failed: the next epoch, sent already, waits for it", async () => {
  await using database = await testDatabase();
  const gate = port(database.sql);
  const recorder = createRecorder(gate);
  const old = outboxRun([created, ...messages(1, 2000)]);
  const fresh = outboxRun([{ type: "epoch_started", time: at(9000), data: {} }], { epoch: "2-0000000b" });
  gate.failures.push(new Error("the connection is gone"));
  assert.deepEqual(await outcomes([old, fresh].map((run) => recorder.submit(run))), ["rejected", "rejected"]);
  assert.deepEqual(await readSequences(database.sql), {});
  assert.deepEqual(await outcomes([{ ...old, resumes: true }, fresh].map((run) => recorder.submit(run))), [
    "fulfilled",
    "fulfilled",
  ]);
  assert.equal(
    (await readLog(database.sql)).at(-1)!.type,
    "room_destroyed",
    "reconciled, after all of the old epoch",
  );
});

Deno.test("the database is away: everything is rejected, and it goes on when it is back", async () => {
  await using database = await testDatabase();
  const away = connect("postgres://nobody@127.0.0.1:1/nothing", { max: 1 });
  let sql = away;
  const recorder = createRecorder({
    store: (submissions) => storeAll(sql, ...submissions),
    isRefusedData,
  });
  const run = outboxRun(fixtureRecords);
  await assert.rejects(recorder.submit(run), /ECONNREFUSED/);
  sql = database.sql;
  await recorder.submit({ ...run, resumes: true });
  assert.deepEqual(await readSequences(database.sql), { "node-a/1-0000000a": fixtureRecords.length });
  await away.end();
});

Deno.test("draining settles what was accepted, and takes nothing more", async () => {
  await using database = await testDatabase();
  const recorder = createRecorder(port(database.sql));
  const accepted = [outboxRun(fixtureRecords), telemetry({}), telemetry({})].map((one) =>
    recorder.submit(one)
  );
  const drained = recorder.drain();
  await assert.rejects(recorder.submit(telemetry({})), /closed/);
  await drained;
  assert.deepEqual(await outcomes(accepted), ["fulfilled", "fulfilled", "fulfilled"]);
  assert.equal((await readLog(database.sql)).length, fixtureRecords.length - 3 + 2);
});
