import assert from "node:assert/strict";
import fc from "fast-check";
import type { SourceRecord } from "../../events/record.ts";
import { histories, roomRecord, uuid } from "../events/history.ts";
import { testDatabase } from "../harness/database.ts";
import { empty, outboxRun, readLog, readRows, readSequences, storeAll } from "./outbox.ts";

const [ada, bob] = [uuid(1, 1), uuid(1, 2)];
const daily = { id: uuid(2, 1), jid: "daily@rooms.talky.test" };
const weekly = { id: uuid(2, 2), jid: "weekly@rooms.talky.test" };
const elsewhere = { id: uuid(2, 3), jid: "elsewhere@rooms.talky.test" };
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const crashed = at(50);

const epochStarted = (time = at(0)): SourceRecord => ({ type: "epoch_started", time, data: {} });
const sessionStarted = (actor: string): SourceRecord => ({
  type: "session_started",
  time: at(1),
  actor,
  data: { userid: `${actor}@guests.talky.test` },
});
const joined = (room: typeof daily, actor: string, second: number) =>
  roomRecord("occupant_joined", room, at(second), { actor, data: { userid: `${actor}@guests.talky.test` } });

/** A node that dies in the middle of it all. */
const unfinished: SourceRecord[] = [
  epochStarted(),
  sessionStarted(ada),
  sessionStarted(bob),
  roomRecord("room_created", daily, at(2), { actor: ada, data: { name: "daily" } }),
  joined(daily, ada, 3),
  joined(daily, bob, 4),
  roomRecord("rtt_enabled", daily, at(5), { actor: ada }),
  roomRecord("screencapture_started", daily, at(6), { actor: bob, data: { screen: "x" } }),
  roomRecord("p2p_session_started", daily, at(7), { actor: bob, peer: ada, data: { sid: "1" } }),
  roomRecord("audio_paused", daily, at(8), { actor: ada }),
  roomRecord("room_created", weekly, at(9), { actor: bob, data: { name: "weekly" } }),
  joined(weekly, bob, 9),
];
const reborn: SourceRecord[] = [epochStarted(crashed), sessionStarted(uuid(1, 3))];
const newEpoch = { epoch: "2-0000000b" };

const corrections = [
  ["rtt_disabled", daily.id, ada, null, {}],
  ["p2p_session_ended", daily.id, ada, bob, { sid: "1", reason: "left" }],
  ["occupant_left", daily.id, ada, null, { cause: "disconnected" }],
  ["screencapture_ended", daily.id, bob, null, { screen: "x" }],
  ["occupant_left", daily.id, bob, null, { cause: "disconnected" }],
  ["room_destroyed", daily.id, null, null, {}],
  ["occupant_left", weekly.id, bob, null, { cause: "disconnected" }],
  ["room_destroyed", weekly.id, null, null, {}],
].map(([type, room_id, actor_id, peer_id, data]) => ({
  type,
  room_id,
  actor_id,
  peer_id,
  time: crashed,
  data: { ...data as object, reconciled: true },
}));

/** What is still open. */
async function open(sql: Parameters<typeof readRows>[0]) {
  const { rooms, users, occupants } = await readRows(sql) as Record<string, Record<string, string | null>[]>;
  return {
    rooms: rooms!.filter(({ ended }) => ended === null).map(({ id }) => id),
    users: users!.filter(({ ended }) => ended === null).map(({ sessionid }) => sessionid),
    occupants: occupants!.filter(({ left }) => left === null).length,
  };
}

for (const grouped of [false, true]) {
  Deno.test(`a new epoch closes what the last one left open (${grouped ? "in one transaction" : "in two"})`, async () => {
    await using database = await testDatabase();
    const { sql } = database;
    const other = [
      roomRecord("room_created", elsewhere, at(1), { actor: ada, data: { name: "elsewhere" } }),
      joined(elsewhere, ada, 2),
    ];
    await storeAll(sql, outboxRun([epochStarted(), ...other], { source: "node-b" }));
    const runs = [outboxRun(unfinished), outboxRun(reborn, newEpoch)];
    if (grouped) await storeAll(sql, ...runs);
    else for (const run of runs) await storeAll(sql, run);

    const log = await readLog(sql);
    const before = log.length - corrections.length;
    assert.deepEqual(log.slice(before), corrections.map((event, i) => ({ id: before + i + 1, ...event })));
    assert.equal(
      log.filter(({ data }) => (data as { reconciled?: true }).reconciled).length,
      corrections.length,
    );
    assert.deepEqual(await open(sql), { rooms: [elsewhere.id], users: [uuid(1, 3)], occupants: 1 });
    const rooms = (await readRows(sql)).rooms as { id: string; ended: string }[];
    assert.equal(rooms.find(({ id }) => id === daily.id)?.ended, crashed);
  });
}

Deno.test("a new epoch that comes again closes nothing twice", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const second = outboxRun(reborn, newEpoch);
  const more = [...reborn, roomRecord("room_created", elsewhere, at(51), { data: { name: "elsewhere" } })];
  await storeAll(sql, outboxRun(unfinished));
  await Promise.all([storeAll(sql, second), storeAll(sql, second)]);
  await storeAll(sql, second, second);
  await storeAll(sql, outboxRun(more, newEpoch));
  // Not even what it has opened itself.
  await storeAll(sql, outboxRun([...more, joined(elsewhere, uuid(1, 3), 52)], newEpoch));
  const closed = async () =>
    (await readLog(sql)).filter(({ data }) => (data as { reconciled?: true }).reconciled).length;
  assert.equal(await closed(), corrections.length);
  await storeAll(sql, outboxRun([epochStarted(at(53))], { epoch: "3-0000000c" }));
  assert.equal(await closed(), corrections.length + 2, "its own occupant and room");
});

Deno.test("a clock behind what it closes: nothing ends before it began", async () => {
  await using database = await testDatabase();
  await storeAll(database.sql, outboxRun(unfinished));
  await storeAll(database.sql, outboxRun([epochStarted(at(0))], newEpoch));
  const { rooms, users, occupants } = await readRows(database.sql) as Record<
    string,
    Record<string, string>[]
  >;
  for (const { created, ended } of [...rooms!, ...users!]) assert.ok(ended! >= created!);
  for (const { joined, left } of occupants!) assert.ok(left! >= joined!);
});

Deno.test("a start whose record was refused, or lost to damage, closes what was open all the same", async () => {
  await using database = await testDatabase();
  await storeAll(database.sql, outboxRun(unfinished));
  const refusal = { code: "invalid_record", message: "time", record: "{}" };
  await storeAll(database.sql, outboxRun([refusal, sessionStarted(uuid(1, 4))], newEpoch));
  assert.deepEqual((await open(database.sql)).rooms, []);
  assert.deepEqual(await readSequences(database.sql), {
    "node-a/1-0000000a": unfinished.length,
    "node-a/2-0000000b": 2,
  });
});

Deno.test("wherever a node dies, its next start leaves nothing open, in the log and the rows", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const lives = histories({ steps: 60 }).chain((history) =>
    fc.nat({ max: history.length }).map((end) => history.slice(0, end))
  );
  await fc.assert(
    fc.asyncProperty(lives, async (history) => {
      await empty(sql);
      await storeAll(sql, outboxRun([epochStarted(), ...history]));
      const left = await open(sql);
      await storeAll(sql, outboxRun([epochStarted("2026-02-01T00:00:00.000Z")], newEpoch));
      assert.deepEqual(await open(sql), { rooms: [], users: [], occupants: 0 });

      const log = await readLog(sql);
      const ended = log.filter(({ data }) => (data as { reconciled?: true }).reconciled);
      const of = (type: string) => ended.filter((event) => event.type === type);
      assert.deepEqual(of("room_destroyed").map(({ room_id }) => room_id).sort(), left.rooms.sort());
      assert.equal(of("occupant_left").length, left.occupants);
      const count = (type: string) => log.filter((event) => event.type === type).length;
      assert.equal(count("p2p_session_ended"), count("p2p_session_started"));
      assert.equal(count("screencapture_ended"), count("screencapture_started"));
    }),
    // Among them: somebody is online, and in no room.
    { numRuns: 40, examples: [[[sessionStarted(ada)]]] },
  );
});
