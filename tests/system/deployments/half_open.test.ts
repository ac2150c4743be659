import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type Sql } from "../../../db/connect.ts";
import { readLog } from "../../db/outbox.ts";
import { testDatabase } from "../../harness/database.ts";
import { testProsody } from "../../harness/prosody.ts";
import { testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { makeCall } from "../../routes/a_call.ts";
import { openEventStream, openWebSocket } from "../../stream/web_client.ts";
import { startProxy } from "./proxy.ts";
import { startReporters } from "./traffic.ts";

const patient = { timeout: 60_000 };
/** Seconds that a statement may take. */
const timeout = 3;

Deno.test("the way to the database stops in the middle: each request is answered, and goes on", async () => {
  await using database = await testDatabase();
  await makeCall(database.sql);
  await appendLong(database.sql, 20_000);
  const by = new URL(database.url);
  await using proxy = await startProxy(Number(by.port));
  by.port = String(proxy.port);
  await using prosody = await testProsody();
  await using service = await testService({
    database: { url: by.href },
    prosody,
    env: { TALKY_DATABASE_TIMEOUT: String(timeout) },
  });
  const authorization = `Bearer ${service.token}`;
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(service.url + path, { headers: { authorization, ...headers } });
  await using socket = openWebSocket(service.url, `after=0&access_token=${service.token}`);
  await using events = await openEventStream(service.url, "after=0", { authorization });
  await using reporters = await startReporters(service.url, prosody.keys, prosody.domain);
  await until("reports come in", () => reporters.accepted() > 50, patient);

  const turns = Deno.env.get("TALKY_TEST_LONG") ? 10 : 2;
  for (let turn = 0; turn < turns; turn++) {
    const formats = ["application/x-ndjson", "text/csv"];
    const exports = await Promise.all(formats.map(async (accept) => {
      const response = await get("/events", { accept, "accept-encoding": "identity" });
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type")!, new RegExp(`^${accept};`));
      const reader = response.body!.getReader();
      assert.ok((await reader.read()).value!.length > 0);
      return reader;
    }));
    proxy.stop();
    // More than there are connections; whatever they get, they get it.
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => get(["/rooms", "/events", "/users", "/readyz"][i % 4]!)),
    );
    for (const answer of answers) {
      assert.equal(answer.status, 503);
      await answer.body?.cancel();
    }
    // An export breaks off. It does not wait for ever, and what there is of it cannot be taken for the whole.
    for (const reader of exports) await assert.rejects(readAll(reader), TypeError);
    assert.equal((await get("/healthz")).status, 200, "the process lives");
    proxy.goOn();
    const sofar = reporters.accepted();
    await until("reports come in again", () => reporters.accepted() > sofar + 20, patient);
    await until("it is ready", async () => {
      const answer = await get("/readyz");
      await answer.body?.cancel();
      return answer.ok;
    }, patient);
  }

  const reports = await reporters.finish();
  const log = await readLog(database.sql);
  const stored = log.filter(({ type }) => type === "p2p_session_stats")
    .map(({ data }) => (data as { n: number }).n);
  assert.deepEqual(stored.sort((a, b) => a - b), Array.from({ length: reports }, (_, n) => n));
  const ids = log.map(({ id }) => id);
  for (const reader of [socket, events]) {
    await until("the reader has all", () => reader.ids().length >= ids.length, patient);
    assert.deepEqual(reader.ids(), ids);
  }
});

/** Appends so many events that an export of them is several times what sockets buffer. */
async function appendLong(sql: Sql, count: number): Promise<void> {
  await sql`
    insert into events (id, type, time, data)
    select id + n, 'message_sent', now(), jsonb_build_object('note', repeat('long ', 200))
    from log_head, generate_series(1, ${count}::int) n`;
  await sql`update log_head set id = id + ${count}`;
}

/** Reads to the end; rejects when it is not the end. */
async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

Deno.test("SIGTERM ends the process within 15 seconds, though database and Prosody are half-open", async () => {
  await using database = await testDatabase();
  await makeCall(database.sql);
  await using prosody = await testProsody();
  const [toDatabase, toProsody] = [new URL(database.url), new URL(prosody.wsUrl)];
  await using databaseProxy = await startProxy(Number(toDatabase.port));
  await using prosodyProxy = await startProxy(Number(toProsody.port));
  toDatabase.port = String(databaseProxy.port);
  toProsody.port = String(prosodyProxy.port);
  // Longer than the stop may take.
  const env = { TALKY_DATABASE_TIMEOUT: "600" };
  await using service = await testService({
    database: { url: toDatabase.href },
    prosody: { ...prosody, wsUrl: toProsody.href },
    env,
  });
  await using reader = openWebSocket(service.url, `after=0&access_token=${service.token}`);
  await using reporters = await startReporters(service.url, prosody.keys, prosody.domain);
  await until("reports come in", () => reporters.accepted() > 20, patient);
  databaseProxy.stop();
  prosodyProxy.stop();
  const hanging = Array.from({ length: 20 }, () => {
    const headers = { authorization: `Bearer ${service.token}` };
    return fetch(`${service.url}/rooms`, { headers }).then((answer) => answer.body?.cancel()).catch(() => {});
  });
  await delay(200);
  const began = performance.now();
  assert.equal(await service.stop(), 0);
  const took = performance.now() - began;
  assert.ok(took < 15_000, `it took ${took.toFixed(0)} ms`);
  assert.equal((await reader.closed).code, 1012, "readers are told");
  await Promise.all(hanging);
});

Deno.test("a statement that takes too long is given up on the server, too, and the next one works", async () => {
  await using database = await testDatabase();
  const sql = connect(database.url, { max: 1, timeout: 1 });
  await using _sql = { [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) };
  await assert.rejects(sql`select pg_sleep(600)`, { code: "ETIMEDOUT" });
  assert.equal((await sql`select 1 as one`)[0]!["one"], 1);
  await until("it is given up", async () => {
    const sleeping = await database.sql`
      select 1 from pg_stat_activity where datname = current_database() and query like '%pg_sleep(600)%'
        and state = 'active' and pid <> pg_backend_pid()`;
    return sleeping.length === 0;
  });
  // Who waits for a connection does not wait for ever either.
  const holding = sql.begin(async (tx) => {
    await tx`select 1`;
    await assert.rejects(sql`select 1`, { code: "ETIMEDOUT" });
  });
  await holding;
});
