import assert from "node:assert/strict";
import { connect, type Sql } from "../../../db/connect.ts";
import { assertFit, createDatabase, UnfitDatabase } from "../../../db/database.ts";
import { migrate } from "../../../db/migrate.ts";
import { prepareDatabase } from "../../../local/database.ts";
import { createRecorder } from "../../../ingest/recorder.ts";
import { outboxRun, readLog } from "../../db/outbox.ts";
import { runScript } from "../../harness/task.ts";
import { created, message, port } from "../../ingest/submissions.ts";
import { startCluster } from "./cluster.ts";

/** Texts that people write, and that many an encoding lacks. */
const texts = ["Zoë’s café", "日本語の部屋", "комната", "غرفة", "🙂 room 👩‍👩‍👧", "naïve “quotes”"];
const records = [created, ...texts.map((body, i) => message(i + 1, { length: body.length, body }))];
/** Texts that were stored. */
const bodies = async (sql: Sql) =>
  (await readLog(sql)).flatMap(({ data }) => (data as { body?: string }).body ?? []);

Deno.test("a server whose default is not UTF8: createdb makes a database in UTF8", async () => {
  await using cluster = await startCluster({ encoding: "LATIN1" });
  await prepareDatabase(cluster.url());
  const sql = connect(cluster.url(), { max: 2 });
  await using _sql = { [Symbol.asyncDispose]: () => sql.end() };
  await createRecorder(port(sql)).submit(outboxRun(records));
  assert.deepEqual(await bodies(sql), texts);
});

Deno.test("a database that lacks characters is refused in one line, by each task", async () => {
  await using cluster = await startCluster({ encoding: "SQL_ASCII" });
  const server = connect(cluster.url("postgres"), { max: 1 });
  const encodings = ["LATIN1", "EUC_JP", "WIN1252", "KOI8R"];
  for (const encoding of encodings) {
    const name = encoding.toLowerCase();
    await server.unsafe(`create database ${name} encoding '${encoding}' locale 'C' template template0`);
    await assert.rejects(createDatabase(cluster.url(name)), UnfitDatabase);
    const sql = connect(cluster.url(name), { max: 1 });
    await assert.rejects(assertFit(sql), UnfitDatabase).finally(() => sql.end());
  }
  await server.end();
  const env = { DATABASE_URL: cluster.url("latin1"), TALKY_SECRET: crypto.randomUUID() };
  const attempts = [["db.ts", "createdb"], ["db.ts", "migrate"], ["serve.ts"]];
  for (const [file = "", ...args] of attempts) {
    const { code, stderr } = await runScript(file, args, env);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^talky: .*encoding is LATIN1.*it takes UTF8.*\n$/);
  }
});

Deno.test("a database in SQL_ASCII keeps what it is given, byte by byte", async () => {
  await using cluster = await startCluster({ encoding: "SQL_ASCII" });
  const server = connect(cluster.url("postgres"), { max: 1 });
  await server.unsafe("create database talky encoding 'SQL_ASCII' locale 'C' template template0");
  await server.end();
  await prepareDatabase(cluster.url());
  const sql = connect(cluster.url(), { max: 2 });
  await using _sql = { [Symbol.asyncDispose]: () => sql.end() };
  await createRecorder(port(sql)).submit(outboxRun(records));
  assert.deepEqual(await bodies(sql), texts);
});

Deno.test("a database that was in use before: what its encoding lacks is kept in bytes", async () => {
  await using cluster = await startCluster({ encoding: "LATIN1" });
  const server = connect(cluster.url("postgres"), { max: 1 });
  await server`create database talky encoding 'LATIN1' template template0`;
  await server.end();
  const sql = connect(cluster.url(), { max: 2 });
  await using _sql = { [Symbol.asyncDispose]: () => sql.end() };
  await migrate(sql);
  await createRecorder(port(sql)).submit(outboxRun([...records, message(9)]));
  assert.deepEqual((await readLog(sql)).map(({ type }) => type), [
    "room_created",
    "message_sent",
  ]);
  const rejected = await sql<{ code: string; record: string; bytes: Uint8Array }[]>`
    select code, record, bytes from rejected order by id`;
  assert.equal(rejected.length, texts.length);
  for (const { code, record, bytes } of rejected) {
    assert.equal(code, "refused_by_database");
    const kept = JSON.parse(new TextDecoder().decode(bytes));
    assert.deepEqual(JSON.parse(record), kept);
    assert.ok(texts.includes(kept.data.body));
  }
  // Nothing stops behind it.
  assert.equal((await sql<[{ seq: number }]>`select seq from sources`)[0].seq, records.length + 1);
});
