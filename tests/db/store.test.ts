import { configure, type LogRecord, reset } from "@logtape/logtape";
import assert from "node:assert/strict";
import { applyChanges, applySessions } from "../../db/apply.ts";
import { readPositions } from "../../db/sources.ts";
import { fold, foldSessions } from "../../events/fold.ts";
import { isRoomRecord, toEvent } from "../../events/record.ts";
import { withDevice } from "../../ingest/outbox_batch.ts";
import { testDatabase } from "../harness/database.ts";
import { fixtureRecords, outboxRun, readLog, readRows, readSequences, storeAll } from "./outbox.ts";

const room = "6f1c1e0a-3b9e-4d42-9d0e-0d6d2a6a7c01";
const guest = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const ada = "9a3b1c52-7d7e-4a4e-8a53-7f3f0f3f9b02";

/** What the fixtures leave, written out. */
const expectedRows = {
  rooms: [{
    id: room,
    name: "daily",
    jid: "daily@rooms.talky-api.local",
    created: "2026-01-01T12:00:00.411Z",
    ended: "2026-01-01T12:00:02.877Z",
  }],
  users: [{
    sessionid: guest,
    userid: "guest-1@guests.talky-api.local",
    type: "browser",
    os: "Linux",
    browser: "Chrome 140.0.0.0",
    useragent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    created: "2026-01-01T12:00:00.274Z",
    ended: "2026-01-01T12:00:03.014Z",
  }],
  occupants: [
    {
      room_id: room,
      sessionid: guest,
      userid: "guest-1@guests.talky-api.local",
      joined: "2026-01-01T12:00:00.548Z",
      left: "2026-01-01T12:00:02.603Z",
    },
    {
      room_id: room,
      sessionid: ada,
      userid: "ada@users.talky-api.local",
      joined: "2026-01-01T12:00:00.685Z",
      left: "2026-01-01T12:00:02.740Z",
    },
  ],
};
const expectedLog = fixtureRecords.filter((record) => "room" in record).map((record, i) => ({
  id: i + 1,
  type: record.type,
  room_id: room,
  actor_id: record.actor ?? null,
  peer_id: record.peer ?? null,
  time: record.time,
  data: record.data,
}));
const last = fixtureRecords.length;

Deno.test("the fixtures become these events and these rows", async () => {
  await using database = await testDatabase();
  await storeAll(database.sql, outboxRun(fixtureRecords));
  assert.deepEqual(await readLog(database.sql), expectedLog);
  assert.deepEqual(await readRows(database.sql), expectedRows);
  assert.deepEqual([...await readPositions(database.sql)], [{
    source: "node-a",
    epoch: "1-0000000a",
    seq: last,
  }]);
});

Deno.test("a batch that comes twice at once, and again, is stored once", async () => {
  await using database = await testDatabase();
  const batch = outboxRun(fixtureRecords);
  // The first of an epoch makes its position, the others find it and move it.
  for (const to of [5, 10, 15, 20, last]) {
    const begun = outboxRun(fixtureRecords.slice(0, to));
    await Promise.all([1, 2, 3, 4].map(() => storeAll(database.sql, begun)));
  }
  await storeAll(database.sql, batch, batch);
  assert.deepEqual(await readLog(database.sql), expectedLog);
  assert.deepEqual(await readRows(database.sql), expectedRows);
});

Deno.test("batches that overlap, one by one or in one group, are stored once", async () => {
  const slices = [[0, 5], [2, 9], [9, 12], [0, 12], [10, 21], [20, last]] as const;
  const runs = slices.map(([from, to]) => outboxRun(fixtureRecords.slice(from, to), { first: from + 1 }));
  await using one = await testDatabase();
  for (const run of runs) await storeAll(one.sql, run);
  assert.deepEqual(await readLog(one.sql), expectedLog);
  await using group = await testDatabase();
  await storeAll(group.sql, ...runs);
  assert.deepEqual(await readLog(group.sql), expectedLog);
  assert.deepEqual(await readRows(group.sql), expectedRows);
});

Deno.test("nothing of a group that fails is stored, and all of it when it comes again", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  // The database gives up at the very end, as if it had been killed at the commit.
  await sql.unsafe(`
    create function give_up() returns trigger language plpgsql as $$ begin raise 'killed'; end $$;
    create constraint trigger give_up after insert on events deferrable initially deferred
      for each row execute function give_up()`);
  await assert.rejects(storeAll(sql, outboxRun(fixtureRecords)), /killed/);
  assert.deepEqual(await readLog(sql), []);
  assert.deepEqual(await readRows(sql), { rooms: [], users: [], occupants: [] });
  assert.deepEqual([...await readPositions(sql)], []);
  await sql`drop trigger give_up on events`;
  await storeAll(sql, outboxRun(fixtureRecords));
  assert.deepEqual(await readLog(sql), expectedLog);
});

Deno.test("a batch that leaves a gap behind what is stored is not stored: it may come yet", async () => {
  await using database = await testDatabase();
  const runOf = (from: number, to: number) => outboxRun(fixtureRecords.slice(from, to), { first: from + 1 });
  await storeAll(database.sql, runOf(0, 5));
  await assert.rejects(storeAll(database.sql, runOf(8, 12)));
  assert.deepEqual(await readSequences(database.sql), { "node-a/1-0000000a": 5 });
  await storeAll(database.sql, runOf(5, 8), runOf(8, last));
  assert.deepEqual(await readLog(database.sql), expectedLog);
});

Deno.test("an outbox that has forgotten its beginning is read from where it begins", async () => {
  await using database = await testDatabase();
  const run = outboxRun(fixtureRecords.slice(4), { first: 5 });
  await assert.rejects(storeAll(database.sql, run), "unless it is the first of a subscription");
  const said: string[] = [];
  const remember = (record: LogRecord) => void said.push(record.message.join(""));
  await configure({
    sinks: { said: remember },
    loggers: [{ category: "talky", sinks: ["said"] }, {
      category: ["logtape", "meta"],
      lowestLevel: "error",
    }],
  });
  await storeAll(database.sql, { ...run, resumes: true }).finally(() => reset());
  assert.match(said.join("\n"), /^node-a\/1-0000000a: records 1 to 4 are missing:/);
  assert.equal((await readLog(database.sql)).length, expectedLog.length - 2);
  assert.deepEqual(await readSequences(database.sql), { "node-a/1-0000000a": last });
});

Deno.test("each source and epoch has a position of its own; the newest epoch is the source's", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const old = outboxRun(fixtureRecords.slice(0, 3), { epoch: "1-0000000a" });
  const started = fixtureRecords.slice(0, 1);
  await storeAll(sql, old, outboxRun(started, { source: "node-b" }));
  await storeAll(sql, outboxRun(started, { epoch: "2-0000000b" }));
  await storeAll(sql, outboxRun(started, { source: "node-b", epoch: "3-0000000c" }), old);
  assert.deepEqual(await readSequences(sql), {
    "node-a/1-0000000a": 3,
    "node-a/2-0000000b": 1,
    "node-b/1-0000000a": 1,
    "node-b/3-0000000c": 1,
  });
  assert.deepEqual([...await readPositions(sql)], [
    { source: "node-a", epoch: "2-0000000b", seq: 1 },
    { source: "node-b", epoch: "3-0000000c", seq: 1 },
  ]);
});

Deno.test("two epochs stored in one transaction: the later one is the position", async () => {
  await using database = await testDatabase();
  const epochs = ["1767225600000-0000000b", "1767225600001-0000000a"];
  await storeAll(
    database.sql,
    ...epochs.map((epoch) => outboxRun(fixtureRecords.slice(0, 1), { epoch })),
  );
  assert.deepEqual((await readPositions(database.sql)).map(({ epoch }) => epoch), [epochs[1]]);
});

Deno.test("what was refused is kept with its reason, in its place, and stops nothing", async () => {
  await using database = await testDatabase();
  const refusal = { code: "not_json", message: "the line is not JSON", record: 'tr"a\\sh {' };
  const run = outboxRun([...fixtureRecords.slice(0, 3), refusal, ...fixtureRecords.slice(3)]);
  await storeAll(database.sql, run);
  await storeAll(database.sql, run);
  assert.deepEqual(await readLog(database.sql), expectedLog);
  const rejected = await database.sql`select origin, origin_ref, code, message, record from rejected`;
  assert.deepEqual(rejected.map((row) => ({ ...row })), [
    { origin: "outbox", origin_ref: "node-a/1-0000000a/4", ...refusal },
  ]);
  assert.deepEqual(await readSequences(database.sql), { "node-a/1-0000000a": last + 1 });
});

Deno.test("changes applied twice leave the rows as they are", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await storeAll(sql, outboxRun(fixtureRecords));
  for (const records of [fixtureRecords, fixtureRecords.slice(0, 8), fixtureRecords.slice(8)]) {
    const ofRooms = records.filter(isRoomRecord);
    const jids = new Map(ofRooms.map(({ room }) => [room.id, room.jid]));
    const apply = async () => {
      await sql.begin((tx) => applySessions(tx, foldSessions(records.map(withDevice)), "node-a"));
      await sql.begin((tx) => applyChanges(tx, fold(ofRooms.map(toEvent)), { source: "node-a", jids }));
    };
    await apply();
    await apply();
  }
  assert.deepEqual(await readRows(sql), expectedRows);
});
