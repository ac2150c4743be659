import assert from "node:assert/strict";
import { connect, type Sql } from "../../db/connect.ts";
import { createDatabase, dropDatabase } from "../../db/database.ts";
import { isMigrated, migrate, type Migration, readMigrations, rollback } from "../../db/migrate.ts";
import { dumpSchema } from "../../db/schema.ts";

const committed = await Deno.readTextFile(new URL("../../migrations/schema.sql", import.meta.url));

/** A database without any schema, by itself. */
async function withEmptyDatabase(work: (sql: Sql, url: string) => Promise<void>): Promise<void> {
  const url = new URL(Deno.env.get("TALKY_TEST_POSTGRES") ?? "");
  url.pathname = `/test_${crypto.randomUUID().replaceAll("-", "")}`;
  await createDatabase(url.href);
  const sql = connect(url.href, { max: 3 });
  try {
    await work(sql, url.href);
  } finally {
    await sql.end({ timeout: 1 });
    await dropDatabase(url.href);
  }
}

Deno.test("of twenty starters at once each migration is applied by one", () =>
  withEmptyDatabase(async (sql, url) => {
    const applied = await Promise.all(Array.from({ length: 20 }, async () => {
      const starter = connect(url, { max: 1 });
      try {
        return await migrate(starter);
      } finally {
        await starter.end();
      }
    }));
    assert.deepEqual(applied.flat(), (await readMigrations()).map(({ name }) => name));
    assert.equal(await dumpSchema(sql), committed, "run `deno task schema`");
  }));

Deno.test("back and forth leaves exactly the schema that is written down", () =>
  withEmptyDatabase(async (sql) => {
    const all = (await readMigrations()).map(({ name }) => name);
    assert.equal(await isMigrated(sql), false);
    assert.deepEqual(await migrate(sql), all);
    assert.equal(await isMigrated(sql), true);
    assert.deepEqual(await migrate(sql), []);

    assert.deepEqual(await rollback(sql), all.toReversed());
    assert.equal(await isMigrated(sql), false);
    const left =
      await sql`select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`;
    assert.deepEqual(left.map(({ relname }) => relname), ["migrations"], "nothing but the list is left");
    const functions = await sql`select proname from pg_proc where pronamespace = 'public'::regnamespace`;
    assert.equal(functions.length, 0);

    assert.deepEqual(await migrate(sql), all);
    assert.equal(await dumpSchema(sql), committed);
  }));

Deno.test("each migration's way back undoes that one alone", () =>
  withEmptyDatabase(async (sql) => {
    const all = await readMigrations();
    const dumps: string[] = [];
    for (let n = 1; n <= all.length; n++) {
      await migrate(sql, all.slice(0, n));
      dumps.push(await dumpSchema(sql));
    }
    for (let n = all.length; n > 1; n--) {
      assert.deepEqual(await rollback(sql), [all[n - 1]!.name]);
      assert.equal(await dumpSchema(sql), dumps[n - 2], `before ${all[n - 1]!.name}`);
    }
  }));

const table = (name: string): Migration => ({
  name: `2026010100000${name.length}_${name}`,
  up: `create table ${name} (id int)`,
  down: `drop table ${name}`,
});

Deno.test("a rollback undoes the last batch, newest first, and no more", () =>
  withEmptyDatabase(async (sql) => {
    const [a, bb, ccc] = [table("a"), table("bb"), table("ccc")];
    await migrate(sql, [a]);
    await migrate(sql, [a, bb, ccc]);
    assert.deepEqual(await rollback(sql, [a, bb, ccc]), [ccc.name, bb.name]);
    assert.deepEqual(await rollback(sql, [a, bb, ccc]), [a.name]);
    assert.deepEqual(await rollback(sql, [a, bb, ccc]), []);
  }));

Deno.test("a migration that fails leaves nothing of its batch", () =>
  withEmptyDatabase(async (sql) => {
    const broken = { ...table("bb"), up: "create table bb (id int); select no_such_column" };
    await assert.rejects(migrate(sql, [table("a"), broken]));
    const left = await sql`select relname from pg_class where relnamespace = 'public'::regnamespace`;
    assert.equal(left.length, 0);
    assert.deepEqual(await migrate(sql, [table("a")]), [table("a").name]);
  }));

Deno.test("a migration whose file is gone is not rolled back by guess", () =>
  withEmptyDatabase(async (sql) => {
    await migrate(sql, [table("a")]);
    await assert.rejects(rollback(sql, []), /20260101000001_a.*not in migrations/);
  }));

Deno.test("creating a database that exists, and dropping one that does not, is no error", async () => {
  const url = new URL(Deno.env.get("TALKY_TEST_POSTGRES") ?? "");
  url.pathname = `/test_${crypto.randomUUID().replaceAll("-", "")}`;
  const made = await Promise.all([
    createDatabase(url.href),
    createDatabase(url.href),
    createDatabase(url.href),
  ]);
  assert.deepEqual(made.filter(Boolean), [true]);
  assert.equal(await dropDatabase(url.href), true);
  assert.equal(await dropDatabase(url.href), false);
});
