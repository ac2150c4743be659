import assert from "node:assert/strict";
import { deriveKeys } from "../../../auth/keys.ts";
import { signOperatorToken } from "../../../auth/operator.ts";
import { connect } from "../../../db/connect.ts";
import { prepareDatabase } from "../../../local/database.ts";
import { readLog } from "../../db/outbox.ts";
import { testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { makeCall } from "../../routes/a_call.ts";
import { openWebSocket } from "../../stream/web_client.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { floatingAddress } from "./proxy.ts";
import { startReporters } from "./traffic.ts";

const secret = crypto.randomUUID();
const keys = await deriveKeys(secret);
const token = await signOperatorToken(keys, "read", 3600);
const patient = { timeout: 60_000 };

/** A primary with a call in it, and a standby that has it too. */
async function pair(stack: AsyncDisposableStack): Promise<{ primary: Cluster; standby: Cluster }> {
  const primary = stack.use(await startCluster());
  await prepareDatabase(primary.url());
  const sql = connect(primary.url(), { max: 1 });
  await makeCall(sql);
  const standby = stack.use(await primary.standby());
  await until("the standby follows", async () => {
    return (await sql`select 1 from pg_stat_replication where state = 'streaming'`).length > 0;
  }, patient);
  // Nothing that was answered may be lost with the primary.
  await sql`alter system set synchronous_standby_names = '*'`;
  await sql`alter system set synchronous_commit = 'remote_apply'`;
  await sql`select pg_reload_conf()`;
  await sql.end();
  return { primary, standby };
}

async function assertLog(url: string, reports: number): Promise<number[]> {
  const sql = connect(url, { max: 1 });
  const log = await readLog(sql).finally(() => sql.end());
  const stored = log.filter(({ type }) => type === "p2p_session_stats")
    .map(({ data }) => (data as { n: number }).n);
  assert.deepEqual(stored.sort((a, b) => a - b), Array.from({ length: reports }, (_, n) => n));
  return log.map(({ id }) => id);
}

Deno.test("several hosts in the URL: the primary dies, the standby is promoted, work goes on", async () => {
  await using stack = new AsyncDisposableStack();
  const { primary, standby } = await pair(stack);
  // The standby stands first: it is there, and cannot be written to.
  const hosts = `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`;
  const url = primary.url().replace(/127\.0\.0\.1:\d+/, hosts);
  await using service = await testService({ database: { url }, env: { TALKY_SECRET: secret } });
  await using reader = openWebSocket(service.url, `after=0&access_token=${token}`);
  await using reporters = await startReporters(service.url, keys, "talky.test");
  await until("reports come in", () => reporters.accepted() > 50, patient);

  await primary.stop("immediate");
  await standby.promote();
  const sofar = reporters.accepted();
  const alone = connect(standby.url(), { max: 1 });
  await alone`alter system reset synchronous_standby_names`;
  await alone`select pg_reload_conf()`;
  await alone.end();
  await until("reports come in again", () => reporters.accepted() > sofar + 50, patient);
  const ids = await assertLog(standby.url(), await reporters.finish());
  await until("the reader has all", () => reader.ids().length >= ids.length, patient);
  assert.deepEqual(reader.ids(), ids);
});

Deno.test("an address that leads to a standby for a moment: 503, reads go on; then it is left", async () => {
  await using stack = new AsyncDisposableStack();
  const { primary, standby } = await pair(stack);
  using address = floatingAddress(primary.port);
  const url = primary.url("talky", address.port);
  await using service = await testService({ database: { url }, env: { TALKY_SECRET: secret } });
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(service.url + path, { headers });
    return { status: response.status, body: await response.json() };
  };
  const database = async () => (await get("/readyz")).body.checks.database;
  await using reporters = await startReporters(service.url, keys, "talky.test");
  await until("reports come in", () => reporters.accepted() > 50, patient);

  address.moveTo(standby.port, { cut: true });
  await until("it is not ready", async () => {
    const { ok, degraded } = await database();
    return !ok && /can be read, but not written/.test(degraded);
  }, patient);
  assert.equal((await get("/rooms")).status, 200, "what can be read is read");

  // Only new connections: those to the standby stay open.
  address.moveTo(primary.port);
  const sofar = reporters.accepted();
  await until("reports come in again", () => reporters.accepted() > sofar + 50, patient);
  await until("it is ready", async () => (await database()).ok, patient);
  const reader = connect(standby.url(), { max: 1 });
  await using _reader = { [Symbol.asyncDispose]: () => reader.end() };
  await until("no connection to the standby is left", async () => {
    return (await reader`
      select 1 from pg_stat_activity where datname = 'talky' and pid <> pg_backend_pid()
        and application_name like 'talky%'`).length === 0;
  }, patient);
  await assertLog(primary.url(), await reporters.finish());
});
