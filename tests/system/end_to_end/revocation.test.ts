import assert from "node:assert/strict";
import { makeApiKey } from "../../../auth/api_key.ts";
import type { Scope } from "../../../auth/operator.ts";
import { addApiKey } from "../../../db/api_keys.ts";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { testWorkerd } from "../../harness/workerd.ts";
import { openEventStream, openWebSocket } from "../../stream/web_client.ts";

async function apiKey({ sql }: TestDatabase, scope: Scope) {
  const { id, token, hash } = await makeApiKey();
  await addApiKey(sql, { id, name: scope, hash, scope, view: {}, expires: Date.now() + 3_600_000 });
  return { id, token, headers: { authorization: `Bearer ${token}` } };
}

Deno.test("a key that is revoked at one instance ends at all: REST, streams, Workers", async () => {
  await using database = await testDatabase();
  await using one = await testService({ database });
  await using two = await testService({ database });
  await using worker = await testWorkerd({ database });
  const instances = [one, two, worker];
  const [admin, key, other] = [
    await apiKey(database, "admin"),
    await apiKey(database, "read"),
    await apiKey(database, "read"),
  ];
  const statusAt = async (url: string, { headers }: typeof key) => {
    const response = await fetch(`${url}/rooms`, { headers });
    await response.body?.cancel();
    return response.status;
  };

  await using readers = new AsyncDisposableStack();
  const sockets = instances.map(({ url }) => readers.use(openWebSocket(url, `access_token=${key.token}`)));
  const streams = await Promise.all(
    instances.map(async ({ url }) => readers.use(await openEventStream(url, "", key.headers))),
  );
  const kept = instances.map(({ url }) => readers.use(openWebSocket(url, `access_token=${other.token}`)));
  await until("all read", () =>
    [...sockets, ...kept].every(({ frames }) => frames.length > 0) &&
    streams.every(({ messages }) => messages.length > 0), { timeout: 20_000 });
  // What each remembers of the key is fresh.
  for (const { url } of instances) assert.equal(await statusAt(url, key), 200);

  const response = await fetch(`${one.url}/tokens/${key.id}`, { method: "DELETE", headers: admin.headers });
  assert.equal(response.status, 204);
  const began = performance.now();
  const after: Record<string, number> = {};
  const note = (what: string) => after[what] = Math.round(performance.now() - began);
  await Promise.all([
    ...sockets.map(async ({ closed }, i) => {
      assert.equal((await closed).code, 4401);
      note(`WebSocket ${i}`);
    }),
    ...streams.map(async ({ ended, messages }, i) => {
      await ended;
      assert.equal(messages.at(-1)?.data.code, 4401);
      note(`SSE ${i}`);
    }),
    ...instances.map(async ({ url }, i) => {
      await until("REST refuses it", async () => await statusAt(url, key) === 401, { timeout: 20_000 });
      note(`REST ${i}`);
    }),
  ]);
  console.log("milliseconds from the answer to the end:", after);
  assert.ok(kept.every(({ socket }) => socket.readyState === WebSocket.OPEN), "another key's readers stay");
  for (const { url } of instances) assert.equal(await statusAt(url, other), 200);
});
