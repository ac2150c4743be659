import assert from "node:assert/strict";
import { connect, type Sql } from "../../db/connect.ts";
import { until } from "../harness/wait.ts";
import { type LiveLog, liveLog } from "./live_log.ts";
import { addReader } from "./recording_sink.ts";

/** A connection to the same server that outages of the database do not touch. */
function bystander(log: LiveLog): { sql: Sql; name: string } {
  const url = new URL(log.url);
  const name = url.pathname.slice(1);
  url.pathname = "/postgres";
  return { sql: connect(url.href, { max: 1 }), name };
}

/** Process ids of the connections that listen. */
async function listeners(sql: Sql, name: string): Promise<number[]> {
  const rows = await sql`
    select pid from pg_stat_activity
    where datname = ${name} and application_name = 'talky-hub' and query ilike 'listen%'`;
  return rows.map(({ pid }) => pid);
}

Deno.test("the listening connection is killed, again and again: nothing is missed", async () => {
  await using log = await liveLog({ pollEvery: 60_000 });
  const { sql, name } = bystander(log);
  const reader = await addReader(log.hub);
  for (let round = 1; round <= 4; round++) {
    const [pid] = await until("it listens", async () => {
      const pids = await listeners(sql, name);
      return pids.length === 1 && pids;
    });
    const [killed] = await Promise.all([sql`select pg_terminate_backend(${pid!})`, log.append(7)]);
    assert.equal(killed[0]!["pg_terminate_backend"], true);
    await until("what came meanwhile arrives", () => reader.ids().length === round * 7);
  }
  assert.deepEqual(reader.ids(), await log.ids());
  await sql.end();
});

Deno.test("the database is away for a while: readers wait, and then go on, woken as before", async () => {
  const troubles: boolean[] = [];
  await using log = await liveLog(
    { pollEvery: 100, onTrouble: (error) => troubles.push(error !== null) },
    10,
  );
  const { sql, name } = bystander(log);
  const reader = await addReader(log.hub, { after: 0 });
  await until(
    "it reads and listens",
    async () => reader.ids().length === 10 && (await listeners(sql, name)).length === 1,
  );

  await sql.unsafe(`alter database ${name} with allow_connections false`);
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
  await until("the hub notices", () => troubles.includes(true));
  await until("it goes on trying", () => troubles.filter(Boolean).length > 5);
  assert.equal(reader.closed, null);
  await sql.unsafe(`alter database ${name} with allow_connections true`);

  const newest = await until("the database takes events again", () => log.append(10));
  await until("they arrive", () => reader.ids().at(-1) === newest);
  assert.deepEqual(reader.ids(), await log.ids());
  assert.equal(troubles.at(-1), false, "and it says so");
  await until(
    "it listens again, for polling alone would be slow",
    async () => (await listeners(sql, name)).length === 1,
  );
  await sql.end();
});

Deno.test("readers whose page fails go on from where they were", async () => {
  await using log = await liveLog({ ringBytes: 500, pollEvery: 50 }, 4000);
  const { sql, name } = bystander(log);
  const ofHub = sql`datname = ${name} and application_name = 'talky-hub'`;
  const cut = () => sql`select pg_terminate_backend(pid) from pg_stat_activity where ${ofHub}`;
  const readers = await log.sql.begin(async (tx) => {
    // So that every page is under way, and the hub's own, when the connections go.
    await tx`lock table events`;
    const readers = await Promise.all([0, 100, 3999].map((after) => addReader(log.hub, { after })));
    await until("all wait for the lock", async () => {
      const waiting = await sql`
        select from pg_stat_activity where ${ofHub} and wait_event_type = 'Lock'`;
      return waiting.length === readers.length + 1;
    });
    await cut();
    return readers;
  });
  for (let i = 0; i < 5; i++) {
    await cut();
    await log.append(20);
  }
  for (const [i, reader] of readers.entries()) {
    await until("it has everything", () => reader.ids().at(-1) === 4100);
    assert.deepEqual(reader.ids(), await log.ids({ after: [0, 100, 3999][i]! }));
  }
  await sql.end();
});
