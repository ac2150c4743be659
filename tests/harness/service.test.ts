import assert from "node:assert/strict";
import { testDatabase } from "./database.ts";
import { testProsody } from "./prosody.ts";
import { testService } from "./service.ts";
import { until } from "./wait.ts";

Deno.test("the harness: a service on a database and a Prosody that may die", async () => {
  await using database = await testDatabase();
  await using prosody = await testProsody();
  await using service = await testService({ database, prosody });
  const readiness = async () => {
    const response = await fetch(`${service.url}/readyz`);
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await readiness(), 200);

  const before = prosody.pid;
  await prosody.kill("SIGKILL");
  await until("the service notices", async () => await readiness() === 503);
  await prosody.restart();
  assert.notEqual(prosody.pid, before);
  await until("the service is ready again", async () => await readiness() === 200, { timeout: 20_000 });

  const headers = { authorization: `Bearer ${service.token}` };
  const response = await fetch(`${service.url}/rooms`, { headers });
  const { items, next } = await response.json();
  assert.deepEqual({ items, next }, { items: [], next: null });
  assert.equal(await service.stop(), 0);
});

Deno.test("the harness: databases are of one's own", async () => {
  await using first = await testDatabase();
  await using second = await testDatabase();
  await first.sql`create table mark ()`;
  const [row] = await second.sql`select to_regclass('mark') as mark`;
  assert.deepEqual(row, { mark: null });
});

Deno.test("the harness: a service that does not start says why", async () => {
  await using database = await testDatabase();
  await assert.rejects(testService({ database, env: { PORT: "eighty" } }), /PORT is wrong: got "eighty"/);
});

Deno.test("the harness: a wait that is over names what did not happen", async () => {
  const never = until("pigs fly", () => Promise.reject(new Error("too heavy")), { timeout: 50 });
  await assert.rejects(never, /waited 50 ms, but not: pigs fly .*too heavy/s);
});
