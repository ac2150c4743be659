import assert from "node:assert/strict";
import fc from "fast-check";
import type { Sql } from "../../../db/connect.ts";
import { rebuild } from "../../../db/rebuild.ts";
import { findRefused, replay } from "../../../db/replay.ts";
import { readRoomState } from "../../../db/room_state.ts";
import type { SourceRecord } from "../../../events/record.ts";
import { reread } from "../../../ingest/reread.ts";
import { empty, outboxRun, readLog, readRows, storeAll } from "../../db/outbox.ts";
import { histories, roomRecord, uuid } from "../../events/history.ts";
import { testDatabase } from "../../harness/database.ts";
import { ada, bob, daily, makeCall } from "../../routes/a_call.ts";
import { runTask } from "../../scripts/task.ts";
import { temporaryFolder } from "../../scripts/temporary_folder.ts";

const started: SourceRecord = { type: "epoch_started", time: "2026-01-01T00:00:00.000Z", data: {} };
const refused = (record: unknown) => ({
  code: "invalid_record",
  message: "not valid then",
  record: typeof record === "string" ? record : JSON.stringify(record),
});
const replayOne = (sql: Sql, id: number) => replay(sql, id, reread);

async function replayAll(sql: Sql) {
  const outcomes = [];
  for (const id of await findRefused(sql, {})) outcomes.push(await replayOne(sql, id));
  return outcomes;
}

Deno.test("whatever was refused and is replayed: as if it never had been, each event once", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  // A millisecond apart: within one, the order of what comes late cannot be told.
  const plans = histories({ steps: 60 }).map((history) =>
    history.map((record, i) => ({ ...record, time: new Date(Date.UTC(2026, 0, 1) + i).toISOString() }))
  ).chain((history) =>
    fc.record({
      history: fc.constant(history),
      bad: fc.array(fc.boolean(), { minLength: 1 }),
    })
  );
  await fc.assert(
    fc.asyncProperty(plans, async ({ history, bad }) => {
      const shown = async () => {
        const { rooms, occupants } = await readRows(sql);
        const states = await Promise.all(
          rooms.map((room) => readRoomState(sql, (room as { id: string }).id)),
        );
        return { rooms, occupants, states };
      };
      const told = async () =>
        (await readLog(sql)).map(({ id: _id, data, ...event }) => {
          const { replayed: _replayed, ...rest } = data as Record<string, unknown>;
          return JSON.stringify({ ...event, data: rest });
        }).sort();

      await empty(sql);
      await storeAll(sql, outboxRun([started, ...history]));
      const [expected, log] = [await shown(), await told()];

      await empty(sql);
      const some = history.map((record, i) => bad[i % bad.length] ? refused(record) : record);
      await storeAll(sql, outboxRun([started, ...some]));
      const outcomes = await replayAll(sql);
      assert.deepEqual(outcomes, outcomes.map(() => "stored"));
      assert.deepEqual(await findRefused(sql, {}), []);
      assert.deepEqual(await shown(), expected);
      assert.deepEqual(await told(), log);
      const { corrections } = await rebuild(sql);
      assert.deepEqual(corrections, { rooms: 0, occupants: 0 });
    }),
    { numRuns: 40 },
  );
});

Deno.test("many replay the same at once: its effect is had once", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const room = { id: daily, jid: "daily@rooms.talky.test" };
  const message = roomRecord("message_sent", room, "2026-01-01T12:00:09.500Z", {
    actor: ada,
    data: { length: 5 },
  });
  await storeAll(sql, outboxRun([refused(message)], { first: 21 }));
  const head = (await readLog(sql)).length;
  const [id] = await findRefused(sql, {});
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => replayOne(sql, id!)));
  assert.deepEqual(outcomes.sort(), ["gone", "gone", "gone", "gone", "stored"]);
  assert.deepEqual((await readLog(sql)).slice(head), [{
    id: head + 1,
    type: "message_sent",
    room_id: daily,
    actor_id: ada,
    peer_id: null,
    time: message.time,
    data: { length: 5, replayed: true },
  }]);
});

Deno.test("what still is not valid stays, and says why", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const before = { log: await readLog(sql), rows: await readRows(sql) };
  const stats = (room_id: string, peer_id: string) => refused({ room_id, peer_id, data: { rtt: 1 } });
  // Valid for us, impossible for PostgreSQL.
  const room = { id: daily, jid: "daily@rooms.talky.test" };
  const never = roomRecord("room_locked", room, "0000-01-01T00:00:00.000Z");
  await storeAll(
    sql,
    outboxRun([refused("{"), refused({ type: "tea_made" }), refused(started), refused(never)], { first: 21 }),
    {
      origin: "telemetry",
      sessionid: ada,
      events: [],
      refusals: [stats(uuid(2, 99), bob), stats(daily, uuid(1, 99)), refused('{"room_id":"cut o')],
    },
  );
  const codes = (await replayAll(sql)).map((outcome) => typeof outcome === "string" ? outcome : outcome.code);
  assert.deepEqual(codes, [
    ...["not_json", "invalid_record", "too_late", "refused_by_database"],
    ...["unknown_room", "unknown_peer", "not_json"],
  ]);
  assert.equal((await findRefused(sql, {})).length, 7);
  assert.deepEqual({ log: await readLog(sql), rows: await readRows(sql) }, before);
});

Deno.test("a session that is told of late does not come to life again; one whose end is does end", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const before = (await readRows(sql)).users;
  const again: SourceRecord = {
    type: "session_started",
    time: "2026-01-01T12:00:10.000Z",
    actor: uuid(1, 3),
    data: { userid: "eve@users.talky.test" },
  };
  await storeAll(sql, outboxRun([refused(again)], { first: 21 }));
  assert.deepEqual(await replayAll(sql), ["stored"]);
  assert.deepEqual((await readRows(sql)).users, before);

  const over: SourceRecord = {
    type: "session_ended",
    time: "2026-01-01T12:00:13.000Z",
    actor: ada,
    data: {},
  };
  await storeAll(sql, outboxRun([refused(over)], { first: 22 }));
  assert.deepEqual(await replayAll(sql), ["stored"]);
  const sessions = before as { sessionid: string }[];
  assert.deepEqual(
    (await readRows(sql)).users,
    sessions.map((session) => session.sessionid === ada ? { ...session, ended: over.time } : session),
  );
});

Deno.test("deno task replay-rejected: one, those of a code, all; telemetry too", async () => {
  await using folder = await temporaryFolder();
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const run = (...args: string[]) =>
    runTask("replay-rejected", args, folder.path, { DATABASE_URL: database.url });
  const late = { room_id: daily, peer_id: bob, data: { rtt: 1 } };
  const item = { code: "unknown_room", message: "its record was refused", record: JSON.stringify(late) };
  await storeAll(sql, outboxRun([refused("{"), refused("[]")], { first: 21 }), {
    origin: "telemetry",
    sessionid: ada,
    events: [],
    refusals: [item, item],
  });
  const [first, second, third, fourth] = await findRefused(sql, {});

  assert.equal((await run("--id", String(third))).stdout, `${third} stored\n1 stored, 0 still refused\n`);
  assert.equal((await run("--code", "unknown_room")).stdout, `${fourth} stored\n1 stored, 0 still refused\n`);
  const all = await run("--all");
  assert.deepEqual({ code: all.code, stderr: all.stderr }, { code: 0, stderr: "" });
  assert.match(all.stdout, new RegExp(`^${first} not_json: .*\n${second} invalid_record: .*\n0 stored, 2 `));
  const stats = (await readLog(sql)).filter(({ type }) => type === "p2p_session_stats");
  assert.deepEqual(stats.map(({ data }) => data), [{ rtt: 1, replayed: true }, { rtt: 1, replayed: true }]);

  assert.match((await run("--id", String(third))).stderr, /there is no refusal/);
  for (const wrong of [[], ["--all", "--id", "1"], ["--id", "x"], ["--nonsense"]]) {
    const { code, stderr } = await run(...wrong);
    assert.equal(code, 1);
    assert.match(stderr, /^talky: .*takes.*\n$/);
  }
});
