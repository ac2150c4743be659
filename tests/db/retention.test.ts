import assert from "node:assert/strict";
import type { Sql } from "../../db/connect.ts";
import { appendEvents, readAfter } from "../../db/log.ts";
import { rebuild } from "../../db/rebuild.ts";
import { forgetOldEvents, markLog } from "../../db/retention.ts";
import { type TestDatabase, testDatabase } from "../harness/database.ts";
import { generateYears, yearsSession } from "../harness/years.ts";

/** A log of ten hours, of which one event was stored at each: hour N's has the id N. */
async function hourlyLog({ sql }: TestDatabase): Promise<void> {
  for (let hour = 1; hour <= 10; hour++) {
    await sql.begin((tx) =>
      appendEvents(tx, [{
        type: "room_locked",
        room_id: null,
        actor_id: crypto.randomUUID(),
        peer_id: null,
        // What happened says nothing of when it was stored.
        time: new Date(Date.UTC(2030, 0, 20 - hour)).toISOString(),
        data: {},
      }])
    );
    await markLog(sql);
    // Time passes.
    await sql`update log_marks set time = time - interval '1 day'`;
  }
}

const ids = async (sql: Sql) => (await readAfter(sql, 0, { limit: 1e6 })).map(({ id }) => id);

Deno.test("events are forgotten by the time of storing, a round after `earliest` says so; ids stay", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await hourlyLog(database);
  assert.deepEqual(await forgetOldEvents(sql, 30), {
    ...{ events: 0, rooms: 0, sessions: 0 },
    ...{ earliest: 1, heldBy: undefined },
  });
  const first = await forgetOldEvents(sql, 4);
  assert.deepEqual([first.earliest, first.events], [8, 0]);
  assert.deepEqual(await ids(sql), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "whoever reads can hear of it before");
  const second = await forgetOldEvents(sql, 4);
  assert.deepEqual([second.earliest, second.events], [8, 7]);
  assert.deepEqual(await ids(sql), [8, 9, 10]);
  // Without the setting, what was decided is done, and nothing more.
  assert.equal((await forgetOldEvents(sql, undefined)).events, 0);
  assert.equal((await forgetOldEvents(sql, 30)).earliest, 8, "it never goes back");
});

Deno.test("a log that was there before is taken for stored when it was migrated", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await generateYears(sql, { events: 300 });
  await markLog(sql);
  assert.equal((await forgetOldEvents(sql, 1)).earliest, 1);
});

Deno.test("a hold keeps what comes after it, and is named; without it the rest goes", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await hourlyLog(database);
  await sql`insert into holds (name, after, reason) values ('later', 9, 'x'), ('a case', 3, 'a court asked')`;
  await forgetOldEvents(sql, 2);
  const held = await forgetOldEvents(sql, 2);
  assert.deepEqual([held.earliest, held.heldBy, held.events], [4, "a case", 3]);
  await sql`delete from holds where name = 'a case'`;
  await forgetOldEvents(sql, 2);
  const free = await forgetOldEvents(sql, 2);
  assert.deepEqual([free.earliest, free.heldBy, free.events], [10, undefined, 6]);
});

Deno.test("rooms and sessions follow their events; a rebuild changes nothing", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  // A year of rooms of four, all stored when it happened.
  await generateYears(sql, { events: 6000 });
  await sql`delete from log_marks`;
  await sql`
    insert into log_marks (head, time)
    select n, timestamptz '2025-01-01' + n * interval '1 year' / 6000 from generate_series(100, 6000, 100) n`;
  const [{ days }] = await sql<[{ days: number }]>`
    select ceil(extract(epoch from now() - '2025-07-01') / 86400)::int as days`;
  const tables = ["events", "rooms", "occupants", "users"] as const;
  const counts = async () =>
    Object.fromEntries(
      await Promise.all(tables.map(async (table) => {
        const [{ count }] = await sql<[{ count: number }]>`select count(*)::int as count from ${sql(table)}`;
        return [table, count];
      })),
    );
  const before = await counts();
  await forgetOldEvents(sql, days);
  await forgetOldEvents(sql, days);
  const after = await counts();
  for (const table of tables) {
    const share = after[table]! / before[table]!;
    assert.ok(
      share > 0.3 && share < 0.75,
      `about half of ${table} is left: ${after[table]} of ${before[table]}`,
    );
  }
  const [lost] = await sql<[{ told: number; rooms: number; sessions: number; stays: number }]>`
    select
      (select count(*)::int from events e where room_id is not null
        and not exists (select from rooms where id = e.room_id)) as told,
      (select count(*)::int from rooms r where not exists (select from events where room_id = r.id)
        and ended >= now() - make_interval(days => ${days})) as rooms,
      (select count(distinct actor_id)::int from events e
        where actor_id is not null and not exists (select from users where sessionid = e.actor_id)) as sessions,
      (select count(*)::int from occupants o where not exists (select from rooms where id = o.room_id)) as stays`;
  assert.deepEqual(lost, { told: 0, rooms: 0, sessions: 0, stays: 0 });
  const [blocks] = await sql<[{ count: number }]>`
    select count(*)::int as count from event_times where block < (select earliest >> 10 from log_head)`;
  assert.equal(blocks.count, 0);
  const rooms = async () => JSON.stringify(await sql`select id from rooms order by id`);
  const known = await rooms();
  await rebuild(sql);
  assert.equal(await rooms(), known);
  assert.ok((await sql`select from users where sessionid = ${yearsSession(0)}`).length === 0);
});
