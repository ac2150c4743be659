import assert from "node:assert/strict";
import { readEvents } from "../../../client/mod.ts";
import { deriveKeys } from "../../../auth/keys.ts";
import { signOperatorToken } from "../../../auth/operator.ts";
import { simulate } from "../../../proof/simulate/simulation.ts";
import { usesOfDeno } from "../../../local/workerd.ts";
import { append } from "../../system/conformance/target.ts";
import { assertTruth } from "../../system/end_to_end/truth.ts";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { testProsody } from "../../harness/prosody.ts";
import { testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { testWorkerd } from "../../harness/workerd.ts";
import { openEventStream, openWebSocket } from "../../stream/web_client.ts";
import { assertTold, startReceiver } from "../../webhooks/receiver.ts";

/** Appends events, a few at a time, until it is disposed of. Returns how many there are. */
function writer({ sql }: TestDatabase) {
  let head = 0;
  let stopped = false;
  const writing = (async () => {
    while (!stopped) head = await append(sql, 7);
  })();
  return {
    async stop(): Promise<number> {
      stopped = true;
      await writing;
      return head;
    },
  };
}

Deno.test("a reader moves between Deno and workerd while events are written, and misses none", async () => {
  await using database = await testDatabase();
  // A history that is in no instance's memory.
  await append(database.sql, 10);
  const secret = crypto.randomUUID();
  const env = { TALKY_SECRET: secret };
  await using service = await testService({ database, env });
  await using worker = await testWorkerd({ database, env });
  const token = await signOperatorToken(await deriveKeys(secret), "read", 3600);

  const events = writer(database);
  const ids: number[] = [];
  let after = 0;
  for (let leg = 0; leg < 8; leg++) {
    const { url } = leg % 2 === 0 ? worker : service;
    let newest: number | undefined;
    for await (const { id } of readEvents({ url, token, after })) {
      ids.push(after = id);
      // Not before it reads what was written after it came.
      newest ??= (await database.sql<[{ id: number }]>`select id from log_head`)[0].id;
      if (id > newest + 60) break;
    }
  }
  const head = await events.stop();
  for await (const { id } of readEvents({ url: worker.url, token, after })) {
    ids.push(id);
    if (id === head) break;
  }
  assert.deepEqual(ids, Array.from({ length: head }, (_, i) => i + 1));
});

Deno.test("readers on workerd get everything though the stream's database connections are cut", async () => {
  await using database = await testDatabase();
  await using worker = await testWorkerd({ database });
  await append(database.sql, 1);
  const query = `after=0&access_token=${worker.token}`;
  await using socket = openWebSocket(worker.url, query);
  await using messages = await openEventStream(worker.url, query);
  const readers = [socket, messages];
  await until("they read", () => readers.every((reader) => reader.ids().length > 0));

  const events = writer(database);
  for (let i = 0; i < 5; i++) {
    await until("there is a connection to cut", async () => {
      const rows = await database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'talky-stream'`;
      return rows.length > 0;
    }, { timeout: 30_000 });
  }
  const head = await events.stop();
  // The last of several attempts to connect again may be seconds away.
  await until("all is read", () => readers.every((reader) => reader.ids().at(-1) === head), {
    timeout: 30_000,
  });
  for (const reader of readers) assert.deepEqual(reader.ids(), Array.from({ length: head }, (_, i) => i + 1));

  const listening = () =>
    database.sql`
      select from pg_stat_activity
      where datname = current_database() and application_name = 'talky-stream' and query ilike 'listen%'`;
  await until("it listens again", async () => (await listening()).length > 0, { timeout: 30_000 });
  const newest = await append(database.sql, 1);
  await until("the last event", () => readers.every((reader) => reader.ids().at(-1) === newest));
});

Deno.test("rooms reach the database through a Durable Object's connection to Prosody", async () => {
  await using database = await testDatabase();
  await using prosody = await testProsody();
  await using worker = await testWorkerd({ database, prosody });
  const readiness = async () => await (await fetch(`${worker.url}/readyz`)).json();
  const { checks } = await until("it is ready", async () => {
    const answer = await readiness();
    return answer.status === "ready" && answer.checks.prosody.lag === 0 && answer;
  });
  const { ok, active, lost } = checks.prosody;
  assert.deepEqual({ ok, active, lost }, { ok: true, active: true, lost: 0 });

  const outcome = await simulate({
    url: worker.url,
    rooms: 1,
    people: 3,
    minutes: 0,
    pace: 0,
    seed: "talky",
  });
  await assertTruth(worker, outcome);

  await prosody.kill("SIGKILL");
  await until("it notices", async () => (await readiness()).status === "unready", { timeout: 30_000 });
  await prosody.restart();
  await until("it is fed again", async () => (await readiness()).status === "ready", { timeout: 30_000 });
});

Deno.test("a Worker whose database is away says so, and not where it is", async () => {
  await using worker = await testWorkerd({ database: { url: "postgres://talky:hunter2@127.0.0.1:9/talky" } });
  const headers = { authorization: `Bearer ${worker.token}` };
  for (const path of ["/readyz", "/rooms", "/stream"]) {
    const response = await fetch(worker.url + path, { headers });
    assert.equal(response.status, 503, path);
    assert.doesNotMatch(await response.text(), /hunter2/);
  }
});

Deno.test("a use of Deno in a bundle is found, a question for it is not", () => {
  assert.equal(usesOfDeno(`const text = await Deno.readTextFile("a");\nDeno["env"].get();`).length, 2);
  assert.deepEqual(usesOfDeno(`if ("Deno" in globalThis && globalThis.Deno?.inspect) {}`), []);
});

Deno.test("webhooks are told on workerd, signed, in order, and go on after what a request changes", async () => {
  await using receiver = await startReceiver();
  await using database = await testDatabase();
  await using worker = await testWorkerd({ database, env: { TALKY_WEBHOOKS_TO_LOOPBACK: "on" } });
  await append(database.sql, 150);
  const headers = { authorization: `Bearer ${await signOperatorToken(worker.keys, "manage", 3600)}` };
  const ask = async (path: string, body: object) => {
    const response = await fetch(`${worker.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, text);
    return JSON.parse(text);
  };
  const { id, secret } = await ask("/webhooks", { url: receiver.url, after: 0 });
  let failures = 3;
  receiver.behave(({ events }) => events.length > 0 && failures-- > 0 ? 503 : 204);
  await until("the history", () => receiver.accepted().at(-1) === 150, { timeout: 30_000 });
  const newest = await append(database.sql, 3);
  await until("what is new", () => receiver.accepted().at(-1) === newest, { timeout: 30_000 });
  assertTold(receiver, Array.from({ length: newest }, (_, i) => i + 1));
  assert.ok(receiver.received.every((delivery) => delivery.isSignedWith(secret)));
  assert.equal((await ask(`/webhooks/${id}/test`, {})).delivered, true);
  const target = await fetch(`${worker.url}/webhooks`, {
    ...{ method: "POST", headers, body: JSON.stringify({ url: "https://10.0.0.1/" }) },
  });
  await target.body?.cancel();
  assert.equal(target.status, 400);
});
