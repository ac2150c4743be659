import assert from "node:assert/strict";
import { connect } from "../../db/connect.ts";
import { appendEvents, readAfter, readBounds } from "../../db/log.ts";
import type { NewEvent } from "../../events/event.ts";
import { eventTypes } from "../../events/event.ts";
import { testDatabase } from "../harness/database.ts";
import { until } from "../harness/wait.ts";

const event = (data: Record<string, unknown>, type: NewEvent["type"] = "p2p_session_stats"): NewEvent => ({
  type,
  room_id: null,
  actor_id: null,
  peer_id: null,
  time: "2026-01-01T00:00:00.000Z",
  data,
});

Deno.test("readers of a log that many write at once miss nothing and see nothing twice", async () => {
  await using database = await testDatabase();
  const writers = 8, transactions = 60;
  const committed = new Set<string>();
  let writing = writers;

  async function write(writer: number): Promise<void> {
    const sql = connect(database.url, { max: 1 });
    for (let n = 0; n < transactions; n++) {
      const names = Array.from({ length: 1 + (n * 7 + writer) % 4 }, (_, i) => `${writer}/${n}/${i}`);
      const failing = n % 5 === writer % 5;
      const work = sql.begin(async (tx) => {
        await appendEvents(tx, names.map((name) => event({ name })));
        // Held open while the others want to commit.
        if (n % 9 === writer) await tx`select pg_sleep(0.01)`;
        if (failing) throw new Error("rolled back");
      });
      if (failing) await assert.rejects(work, /rolled back/);
      else {
        await work;
        for (const name of names) committed.add(name);
      }
    }
    await sql.end();
    writing--;
  }

  /** Reads as every reader does: "what is after the last id I have?" */
  async function read(limit: number): Promise<{ id: number; name: string }[]> {
    const sql = connect(database.url, { max: 1 });
    const seen: { id: number; name: string }[] = [];
    for (let last = false;;) {
      last = writing === 0;
      const page = await readAfter(sql, seen.at(-1)?.id ?? 0, { limit });
      seen.push(...page.map(({ id, json }) => ({ id, name: JSON.parse(json).data.name })));
      if (last && page.length === 0) break;
    }
    await sql.end();
    return seen;
  }

  const reading = Promise.all([read(3), read(100), read(1000)]);
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  assert.ok(committed.size > writers * transactions, "the writers wrote");
  for (const seen of await reading) {
    assert.deepEqual(seen.map(({ id }) => id), Array.from(committed, (_, i) => i + 1), "dense, in order");
    assert.deepEqual(new Set(seen.map(({ name }) => name)), committed);
  }
  const { head, earliest } = await readBounds(database.sql);
  assert.deepEqual({ head, earliest }, { head: committed.size, earliest: 1 });
});

Deno.test("an event is not visible before every event with a smaller id", async () => {
  await using database = await testDatabase();
  const [slow, fast] = [connect(database.url, { max: 1 }), connect(database.url, { max: 1 })];
  // The first of its hour waits for the other first one, wherever ids come from: neither of the two is that.
  await slow.begin((tx) => appendEvents(tx, [event({ name: "earlier" })]));
  const hold = Promise.withResolvers<void>();
  const appended = Promise.withResolvers<void>();
  const slowly = slow.begin(async (tx) => {
    await appendEvents(tx, [event({ name: "slow" })]);
    appended.resolve();
    await hold.promise;
  });
  await appended.promise;
  let overtook = false;
  const quickly = fast.begin((tx) => appendEvents(tx, [event({ name: "fast" })])).then(() => overtook = true);
  await using _writers = {
    async [Symbol.asyncDispose]() {
      hold.resolve();
      await Promise.allSettled([slowly, quickly]);
      await Promise.all([slow.end(), fast.end()]);
    },
  };
  await until("the second writer waits for its turn", async () => {
    const waiting = await database.sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return overtook || waiting.length > 0;
  });
  assert.equal(overtook, false);
  assert.equal((await readAfter(database.sql, 1, { limit: 10 })).length, 0);
  hold.resolve();
  await Promise.all([slowly, quickly]);
  const names = (await readAfter(database.sql, 1, { limit: 10 })).map(({ json }) =>
    JSON.parse(json).data.name
  );
  assert.deepEqual(names, ["slow", "fast"]);
});

Deno.test("a transaction's events follow each other in the order they were given", async () => {
  await using database = await testDatabase();
  const count = 2500;
  // By a clock that goes back.
  const given = Array.from(
    { length: count },
    (_, n) => ({ ...event({ n }), time: new Date(-n).toISOString() }),
  );
  await database.sql.begin((tx) => appendEvents(tx, given));
  const rows = await readAfter(database.sql, 0, { limit: count });
  assert.deepEqual(
    rows.map(({ json }) => JSON.parse(json).data.n),
    Array.from({ length: count }, (_, n) => n),
  );
});

Deno.test("pages: after, up to, limit, types and rooms", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const rooms = [crypto.randomUUID(), crypto.randomUUID()];
  for (const id of rooms) {
    await sql`insert into rooms (id, name, jid, created) values (${id}, 'a', 'a@b', now())`;
  }
  const all = Array.from({ length: 36 }, (_, n): NewEvent => ({
    ...event({ n }, eventTypes[n % eventTypes.length]!),
    room_id: [null, ...rooms][n % 3]!,
  }));
  await sql.begin((tx) => appendEvents(tx, all));
  const expected = all.map((one, i) => ({ id: i + 1, ...one }));
  const read = async (after: number, page: Parameters<typeof readAfter>[2]) =>
    (await readAfter(sql, after, page)).map(({ json }) => JSON.parse(json));

  assert.deepEqual(await read(0, { limit: 100 }), expected);
  assert.deepEqual(await read(5, { limit: 3 }), expected.slice(5, 8));
  assert.deepEqual(await read(5, { limit: 10, upTo: 9 }), expected.slice(5, 9));
  const types = ["audio_paused", "room_created"];
  assert.deepEqual(
    await read(0, { limit: 100, filter: { types } }),
    expected.filter(({ type }) => types.includes(type)),
  );
  assert.deepEqual(
    await read(2, { limit: 2, filter: { rooms } }),
    expected.slice(2).filter(({ room_id }) => room_id !== null).slice(0, 2),
  );
  assert.deepEqual(
    await read(0, { limit: 100, filter: { rooms: [rooms[0]!], types } }),
    expected.filter(({ type, room_id }) => types.includes(type) && room_id === rooms[0]),
  );
});

Deno.test("every append wakes listeners, with its commit", async () => {
  await using database = await testDatabase();
  const { listenForAppends } = await import("../../db/wakeup.ts");
  let wakes = 0;
  const stop = listenForAppends(database.sql, () => wakes++);
  await until("it listens", () => wakes > 0);
  const before = wakes;
  await database.sql.begin((tx) => appendEvents(tx, [event({})]));
  await until("it is woken", () => wakes > before);
  await stop();
});
