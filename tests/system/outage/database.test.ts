import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { signCredential } from "../../../auth/credential.ts";
import { connect, type Sql } from "../../../db/connect.ts";
import { prepareDatabase } from "../../../local/database.ts";
import { freePort } from "../../../local/ports.ts";
import { startPostgres } from "../../../local/postgres.ts";
import { readLog } from "../../db/outbox.ts";
import { testProsody } from "../../harness/prosody.ts";
import { type TestService, testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { ada, bob, daily, makeCall } from "../../routes/a_call.ts";
import { assertProblem } from "../../routes/problems.ts";
import { temporaryFolder } from "../../scripts/temporary_folder.ts";
import { openEventStream, openWebSocket } from "../../stream/web_client.ts";

/** How long the database is away, in seconds; three minutes with TALKY_TEST_LONG. */
const seconds = Deno.env.get("TALKY_TEST_LONG") ? 180 : 8;

/** A PostgreSQL of the test's own, that can go away and come back where it was. */
async function ownDatabase() {
  const folder = await temporaryFolder();
  const start = () => startPostgres({ dataDir: folder.path, port });
  const port = freePort();
  let server = await start();
  await prepareDatabase(server.url);
  return {
    url: server.url,
    stop: (mode: "fast" | "immediate") => server.stop(mode),
    async start() {
      server = await start();
    },
    async [Symbol.asyncDispose]() {
      await server.stop("immediate");
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Keeps whoever stores in the commit until the server ends, and waits until somebody is there. */
async function holdCommits(sql: Sql): Promise<void> {
  const [server] = await sql`select pg_postmaster_start_time()::text as started`;
  await sql.unsafe(`
    create function hold() returns trigger language plpgsql as $$ begin
      if pg_postmaster_start_time() = '${server!.started}' then perform pg_sleep(60); end if;
      return null;
    end $$;
    create constraint trigger hold after insert on events deferrable initially deferred
      for each row execute function hold()`);
  const committing = () => sql`select 1 from pg_stat_activity where wait_event = 'PgSleep'`;
  await until("somebody commits", async () => (await committing()).length > 0);
}

/** How many report measurements at a time. */
const reporters = 8;

/** Clients that report as clients do: each measurement until it is accepted. */
function startReporting(service: TestService, credential: string) {
  const stopped = new AbortController();
  const refusals: Response[] = [];
  let goesOn = true;
  let begun = 0;

  async function report(n: number): Promise<void> {
    while (!stopped.signal.aborted) {
      const response = await fetch(`${service.url}/telemetry`, {
        method: "POST",
        body: JSON.stringify({ batch: [{ room_id: daily, peer_id: bob, data: { n } }] }),
        headers: { authorization: `Bearer ${credential}`, "idempotency-key": `report ${n}` },
      }).catch((cause) => {
        throw new Error(`the service does not answer: ${service.logs()}`, { cause });
      });
      if (response.status === 202) {
        const { accepted } = await response.json();
        return assert.equal(accepted, 1);
      }
      refusals.push(response);
      await delay(200);
    }
  }
  const running = Array.from({ length: reporters }, async () => {
    while (goesOn && !stopped.signal.aborted) await report(begun++);
  });
  const all = Promise.all(running);
  // Who waits for it hears of it; until then it must not end the run.
  all.catch(() => {});
  return {
    begun: () => begun,
    /** Returns what was refused meanwhile, when the last is accepted. */
    async finish() {
      goesOn = false;
      await all;
      return refusals;
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await Promise.allSettled(running);
    },
  };
}

/** Asks for as long as the database is to be away. */
async function assertAway(get: (path: string) => Promise<Response>): Promise<void> {
  const back = Date.now() + seconds * 1000;
  while (Date.now() < back) {
    const began = Date.now();
    const [list, readiness] = await Promise.all([get("/rooms"), get("/readyz")]);
    assert.ok(Date.now() - began < 4000, "an answer does not take long");
    assert.ok(list.headers.get("retry-after"));
    await assertProblem(list, "unavailable");
    assert.equal(readiness.status, 503);
    assert.equal((await readiness.json()).checks.database.ok, false);
    await delay(500);
  }
}

for (const mode of ["fast", "immediate"] as const) {
  Deno.test(`the database goes away (${mode}) and comes back: 503 meanwhile, nothing accepted is lost, readers go on`, async () => {
    await using database = await ownDatabase();
    await using prosody = await testProsody();
    await using service = await testService({
      database,
      prosody,
      // It reports as fast as it can.
      env: { TALKY_LIMIT_TELEMETRY: "off", TALKY_LIMIT_REQUESTS: "off" },
    });
    const sql = connect(database.url, { max: 1 });
    await using _connection = { [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) };
    await makeCall(sql);
    const authorization = `Bearer ${service.token}`;
    const get = (path: string) => fetch(`${service.url}${path}`, { headers: { authorization } });

    await using socket = openWebSocket(service.url, `after=0&access_token=${service.token}`);
    await using events = await openEventStream(service.url, "after=0", { authorization });
    const head = (await readLog(sql)).length;
    await until(
      "readers have the history",
      () => socket.ids().length === head && events.ids().length === head,
    );

    const credential = await signCredential(
      prosody.keys,
      { sessionid: ada, userid: `ada@guests.${prosody.domain}` },
      3600,
    );
    await using reporting = startReporting(service, credential);
    await until("reports come in", () => reporting.begun() > 100);

    assert.equal((await get("/readyz")).status, 200);
    await holdCommits(sql);
    await database.stop(mode);
    await assertAway(get);
    assert.equal((await get("/healthz")).status, 200, "the process lives");
    const accepted = reporting.begun() - reporters;
    await database.start();

    await until("reports come in again", () => reporting.begun() > accepted + 100);
    const refusals = await reporting.finish();
    assert.ok(refusals.length >= reporters, "each was refused at least once");
    for (const refusal of refusals) {
      assert.ok(Number(refusal.headers.get("retry-after")) > 0);
      await assertProblem(refusal, "unavailable");
    }

    const log = await readLog(sql);
    const stored = log.filter(({ type }) => type === "p2p_session_stats")
      .map(({ data }) => (data as { n: number }).n);
    assert.deepEqual(stored.sort((a, b) => a - b), Array.from({ length: reporting.begun() }, (_, n) => n));
    const ids = log.map(({ id }) => id);
    assert.deepEqual(ids, Array.from(ids, (_, i) => i + 1), "the log has no gap");
    for (const reader of [socket, events]) {
      await until("the reader has caught up", () => reader.ids().length >= ids.length);
      assert.deepEqual(reader.ids(), ids);
    }
    await until("ready again", async () => (await get("/readyz")).ok);
    assert.equal((await get("/rooms")).status, 200);
  });
}
