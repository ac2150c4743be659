import assert from "node:assert/strict";
import { connect } from "../../db/connect.ts";
import { testDatabase } from "../harness/database.ts";
import { runTask } from "./task.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("destroydb takes --yes, or somebody at a terminal", async () => {
  await using folder = await temporaryFolder();
  await using database = await testDatabase();
  const settings = { DATABASE_URL: database.url };

  const refused = await runTask("destroydb", [], folder.path, settings);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /no terminal: pass --yes/);
  assert.equal((await database.sql`select 1`).length, 1);

  const done = await runTask("destroydb", ["--yes"], folder.path, settings);
  assert.deepEqual({ code: done.code, stderr: done.stderr }, { code: 0, stderr: "" });
  await assert.rejects(async () => await connectOnce(database.url), /does not exist/);
});

Deno.test("createdb and migrate can be repeated; rollback undoes the last batch", async () => {
  await using folder = await temporaryFolder();
  await using database = await testDatabase();
  const url = new URL(database.url);
  url.pathname += "_tasks";
  const run = (task: string, ...args: string[]) =>
    runTask(task, args, folder.path, { DATABASE_URL: url.href });

  const early = await run("migrate");
  assert.equal(early.code, 1);
  assert.match(early.stderr, /does not exist: run `deno task createdb`/);

  assert.match((await run("createdb")).stdout, /^created /);
  assert.match((await run("createdb")).stdout, /exists already/);
  const applied = (await run("migrate")).stdout;
  assert.match(applied, /^applied 20170614103301_initial$/m);
  assert.equal((await run("migrate")).stdout, "nothing applied\n");
  const undone = (await run("rollback")).stdout.trim().split("\n");
  assert.deepEqual(
    undone.reverse().map((line) => line.replace("undone", "applied")),
    applied.trim().split("\n"),
  );
  assert.equal((await run("destroydb", "--yes")).code, 0);
});

Deno.test("a database that is away is one line", async () => {
  await using folder = await temporaryFolder();
  const settings = { DATABASE_URL: "postgres://talky:hunter2@127.0.0.1:1/talky" };
  const { code, stderr } = await runTask("migrate", [], folder.path, settings);
  assert.equal(code, 1);
  assert.match(stderr, /^talky: .*ECONNREFUSED.*\n$/);
  assert.doesNotMatch(stderr, /hunter2/);
});

async function connectOnce(url: string): Promise<void> {
  const sql = connect(url, { max: 1 });
  try {
    await sql`select 1`;
  } finally {
    await sql.end();
  }
}
