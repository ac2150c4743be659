import assert from "node:assert/strict";
import { hashToken, makeApiKey, makeTicket } from "../../auth/api_key.ts";
import {
  addApiKey,
  addTicket,
  findApiKey,
  findApiKeys,
  forgetOldKeys,
  revokeApiKey,
  takeTicket,
} from "../../db/api_keys.ts";
import { connect, type Sql } from "../../db/connect.ts";
import { watchKeys } from "../../db/key_watch.ts";
import { testDatabase } from "../harness/database.ts";
import { until } from "../harness/wait.ts";

const hour = 3_600_000;

/** Adds a key that reads everything for an hour, unless said otherwise. */
async function add(sql: Sql, { expires = Date.now() + hour, name = "a key" } = {}) {
  const { id, hash } = await makeApiKey();
  await addApiKey(sql, { id, name, hash, scope: "read", view: {}, expires });
  return id;
}

Deno.test("a key is found as it was added, until it is revoked or over", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const { id, hash, token } = await makeApiKey();
  const expires = Date.now() + hour;
  const view = { rooms: ["daily", `"odd\\,name"`], types: ["message_sent"] } as const;
  const json = JSON.parse(await addApiKey(sql, { id, name: "n", hash, scope: "manage", view, expires }));
  assert.deepEqual(json, {
    ...{ id, name: "n", scope: "manage", ...view, used: null, revoked: null },
    ...{ created: json.created, expires: new Date(expires).toISOString() },
  });
  assert.deepEqual(await findApiKey(sql, id), { id, hash, scope: "manage", view, expires });
  assert.equal(await findApiKey(sql, "nobody"), null);
  const [dump] = await sql`select k::text as row from api_keys k`;
  assert.doesNotMatch(dump!["row"], new RegExp(token.split("_")[2]!));
  assert.equal(hash, await hashToken(token));

  assert.equal(await revokeApiKey(sql, id), true);
  const listed = async () => JSON.parse((await findApiKeys(sql, { limit: 1 }))[0]!.json).revoked;
  const first = await listed();
  assert.equal(await findApiKey(sql, id), null);
  assert.equal(await revokeApiKey(sql, id), true, "again is no error");
  assert.equal(await listed(), first, "and does not move the time");
  assert.equal(await revokeApiKey(sql, "nobody"), false);
  assert.equal(await findApiKey(sql, await add(sql, { expires: Date.now() - 1 })), null);
});

Deno.test("the last use of a key is written once a minute, whoever shows it how often", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const id = await add(sql);
  const state = async () =>
    (await sql<[{ used: string; xmin: string }]>`select used, xmin::text from api_keys`)[0];
  assert.equal((await state()).used, null);
  await findApiKey(sql, id);
  const first = await state();
  assert.notEqual(first.used, null);
  await Promise.all(Array.from({ length: 50 }, () => findApiKey(sql, id)));
  assert.deepEqual(await state(), first);
  await sql`update api_keys set used = now() - interval '61 seconds'`;
  const old = await state();
  await findApiKey(sql, id);
  assert.notDeepEqual(await state(), old);
});

Deno.test("a ticket is taken once, by whoever comes first, and not when it is over", async () => {
  await using database = await testDatabase();
  const grant = { scope: "read", key: "k", view: { rooms: ["daily"] }, expires: 5 };
  const instances = [connect(database.url, { max: 2 }), connect(database.url, { max: 2 })];
  try {
    for (let round = 0; round < 20; round++) {
      const { hash } = await makeTicket();
      await addTicket(database.sql, hash, grant, 30);
      const taken = await Promise.all(
        Array.from({ length: 8 }, (_, i) => takeTicket(instances[i % 2]!, hash)),
      );
      assert.deepEqual(taken.filter((one) => one !== null), [grant]);
    }
  } finally {
    for (const sql of instances) await sql.end();
  }
  const { hash } = await makeTicket();
  await addTicket(database.sql, hash, grant, -1);
  assert.equal(await takeTicket(database.sql, hash), null);
});

Deno.test("what is over is forgotten: tickets at once, keys after a year", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const { hash } = await makeTicket();
  await addTicket(sql, hash, {}, -1);
  const kept = [await add(sql), await add(sql, { expires: Date.now() - 300 * 24 * hour })];
  const gone = [await add(sql, { expires: Date.now() - 366 * 24 * hour }), await add(sql)];
  await sql`update api_keys set revoked = now() - interval '366 days' where id = ${gone[1]!}`;
  await forgetOldKeys(sql);
  const ids = (await sql<{ id: string }[]>`select id from api_keys`).map(({ id }) => id);
  assert.deepEqual(ids.sort(), kept.sort());
  assert.equal((await sql`select from tickets`).length, 0);
});

Deno.test("whoever watches a key hears of its revocation, by whatever way it came", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const [one, other] = [await add(sql), await add(sql)];
  const ended: string[] = [];
  const watch = watchKeys(sql, { pollEvery: 50 });
  try {
    watch.watch(one, () => void ended.push("first"));
    watch.watch(one, () => void ended.push("second"));
    const stop = watch.watch(one, () => void ended.push("went before"));
    watch.watch(other, () => void ended.push("other"));
    stop();
    await sql`update api_keys set revoked = now() where id = ${one}`;
    await until("both have heard", () => ended.length >= 2);
    assert.deepEqual(ended, ["first", "second"]);
  } finally {
    watch.stop();
  }
});

Deno.test("watching goes on when the database has been away, and nobody is put out meanwhile", async () => {
  await using database = await testDatabase();
  const sql = connect(database.url, { max: 2, name: "watcher" });
  const id = await add(database.sql);
  let ended = 0;
  const watch = watchKeys(sql, { pollEvery: 50 });
  try {
    watch.watch(id, () => ended++);
    for (let i = 0; i < 5; i++) {
      await database
        .sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'watcher'`;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    assert.equal(ended, 0);
    await database.sql`update api_keys set revoked = now()`;
    await until("it has heard", () => ended === 1);
  } finally {
    watch.stop();
    await sql.end({ timeout: 1 });
  }
});
