import assert from "node:assert/strict";
import fc from "fast-check";
import type { Sql } from "../../../db/connect.ts";
import { rebuild } from "../../../db/rebuild.ts";
import type { SourceRecord } from "../../../events/record.ts";
import { empty, outboxRun, readRows, storeAll } from "../../db/outbox.ts";
import { histories, roomRecord, uuid } from "../../events/history.ts";
import { testDatabase } from "../../harness/database.ts";
import { makeCall } from "../../routes/a_call.ts";
import { runTask } from "../../scripts/task.ts";
import { temporaryFolder } from "../../scripts/temporary_folder.ts";

const started = (time: string): SourceRecord => ({ type: "epoch_started", time, data: {} });
const first = started("2026-01-01T00:00:00.000Z");
const next = outboxRun([started("2026-02-01T00:00:00.000Z")], { epoch: "2-0000000b" });
const none = { rooms: 0, occupants: 0 };

/** Every way in which a row can be wrong. */
async function corrupt(sql: Sql): Promise<void> {
  await sql`delete from occupants where ctid in (select ctid from occupants limit 1)`;
  await sql`update occupants set "left" = case when "left" is null then now() end, userid = 'somebody'`;
  await sql`
    insert into occupants (room_id, sessionid, userid, joined)
    select id, ${uuid(9, 9)}, 'ghost', now() from rooms`;
  await sql`
    update rooms set created = created - interval '1 hour', name = 'wrong',
      ended = case when ended is null then now() end`;
  await sql`insert into rooms (id, name, jid, created) values (${uuid(9, 8)}, 'x', 'x@y', now())`;
}

Deno.test("rebuilt from the log, rooms and occupants are what they were before the damage", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const plans = fc.record({ history: histories({ steps: 60, lossy: true }), died: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(plans, async ({ history, died }) => {
      await empty(sql);
      await storeAll(sql, outboxRun([first, ...history]));
      if (died) await storeAll(sql, next);
      const before = await readRows(sql);
      const { rooms, kept, corrections } = await rebuild(sql);
      assert.deepEqual({ rooms, kept, corrections }, {
        rooms: before.rooms.length,
        kept: 0,
        corrections: none,
      });
      assert.deepEqual(await readRows(sql), before);

      await corrupt(sql);
      assert.notDeepEqual(await readRows(sql), before);
      assert.ok((await rebuild(sql)).corrections.rooms > 0);
      assert.deepEqual(await readRows(sql), before);
    }),
    { numRuns: 40 },
  );
});

Deno.test("records that were refused leave nobody in a room that ended, in the rows as in the log", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const room = { id: uuid(2, 1), jid: "daily@rooms.talky.test" };
  const [ada, bob] = [uuid(1, 1), uuid(1, 2)];
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
  const join = (actor: string, second: number) =>
    roomRecord("occupant_joined", room, at(second), { actor, data: { userid: "x@y" } });
  // What opened the room is missing, and what ended a stay in it.
  await storeAll(sql, outboxRun([first, join(ada, 1), join(bob, 2)]));
  const other = { id: uuid(2, 2), jid: "weekly@rooms.talky.test" };
  await storeAll(
    sql,
    outboxRun([
      roomRecord("occupant_joined", other, at(3), { actor: ada, data: { userid: "x@y" } }),
      roomRecord("room_destroyed", other, at(4)),
    ], { first: 4 }),
  );
  await storeAll(sql, next);
  const before = await readRows(sql);
  const ends = before.occupants.map((stay) => (stay as { left: string }).left);
  const restart = "2026-02-01T00:00:00.000Z";
  assert.deepEqual(ends, [restart, restart, at(4)]);
  assert.deepEqual(before.rooms.map((row) => (row as { ended: string }).ended), [restart, at(4)]);
  assert.deepEqual((await rebuild(sql)).corrections, none);
  assert.deepEqual(await readRows(sql), before);
});

Deno.test("a clock that goes back is no matter: what was told later is later", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const room = { id: uuid(2, 1), jid: "daily@rooms.talky.test" };
  const [actor, earlier, later] = [uuid(1, 1), "2026-01-01T12:00:00.000Z", "2026-01-01T12:00:05.000Z"];
  await storeAll(
    sql,
    outboxRun([
      first,
      roomRecord("room_created", room, later, { data: { name: "daily" } }),
      roomRecord("occupant_joined", room, later, { actor, data: { userid: "x@y" } }),
      roomRecord("occupant_left", room, earlier, { actor }),
    ]),
  );
  const before = await readRows(sql);
  assert.deepEqual((await rebuild(sql)).corrections, none);
  assert.deepEqual(await readRows(sql), before);
});

Deno.test("rooms whose beginning the log no longer has are left as they are", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const before = await readRows(sql);
  await sql`delete from events where id <= 6`;
  await sql`update log_head set earliest = 7`;
  const { rooms, kept, corrections } = await rebuild(sql);
  assert.deepEqual({ rooms, kept, corrections }, { rooms: 1, kept: 2, corrections: none });
  assert.deepEqual(await readRows(sql), before);
});

Deno.test("a rebuild waits for records under way, and they for it", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const room = { id: uuid(2, 1), jid: "daily@rooms.talky.test" };
  const more = Array.from({ length: 40 }, (_, i) =>
    outboxRun([
      roomRecord("occupant_joined", room, new Date(Date.UTC(2026, 0, 2, 0, 0, i)).toISOString(), {
        actor: uuid(3, i),
        data: { userid: "x@y" },
      }),
    ], { first: 21 + i }));
  const storing = (async () => {
    for (const run of more) await storeAll(sql, run);
  })();
  const corrections = [];
  for (let i = 0; i < 10; i++) corrections.push((await rebuild(sql)).corrections);
  await storing;
  assert.deepEqual(corrections, corrections.map(() => none));
  assert.deepEqual((await rebuild(sql)).corrections, none);
});

Deno.test("deno task rebuild says what it did", async () => {
  await using folder = await temporaryFolder();
  await using database = await testDatabase();
  await makeCall(database.sql);
  await database.sql`update rooms set name = 'wrong' where ended is null`;
  const { code, stdout, stderr } = await runTask("rebuild", [], folder.path, { DATABASE_URL: database.url });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "3 of 3 rooms\n" });
  assert.match(stdout, /^rebuilt 3 rooms from the log\nrows that differed: rooms 2, occupants 0\nusers /);
});
