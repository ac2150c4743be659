import assert from "node:assert/strict";
import { readEvents, type TalkyEvent } from "../../../client/mod.ts";
import { eventTypes } from "../../../events/event.ts";
import { simulate } from "../../../proof/simulate/simulation.ts";
import { outboxBytes } from "../../../local/outbox_size.ts";
import { freePort } from "../../../local/ports.ts";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { testProsody } from "../../harness/prosody.ts";
import { testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { assertTruth, read, readLog } from "./truth.ts";

const plan = { rooms: 5, people: 4, minutes: 0, pace: 0, seed: "talky" };

/** Reads the stream into a list, in the background. */
function follow(service: { url: string; token: string }, after?: number) {
  const stop = new AbortController();
  const events: TalkyEvent[] = [];
  const connected = Promise.withResolvers<void>();
  const reading = (async () => {
    const { url, token } = service;
    const start = after === undefined ? {} : { after };
    const onConnection = (up: boolean) => up && connected.resolve();
    for await (const event of readEvents({ url, token, ...start, signal: stop.signal, onConnection })) {
      events.push(event);
    }
  })();
  return {
    events,
    connected: connected.promise,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await reading;
    },
  };
}

Deno.test("rooms full of XMPP clients are in the log exactly as they were, and on the stream", async () => {
  await using database = await testDatabase();
  await using prosody = await testProsody();
  await using service = await testService({ database, prosody });
  await using before = follow(service);
  await before.connected;

  const outcome = await simulate({ ...plan, url: service.url });
  await assertTruth(service, outcome);

  const caused = new Set(outcome.rooms.flatMap(({ events }) => events.map(({ type }) => type)));
  const seventeen = eventTypes.filter((type) => type !== "p2p_session_stats");
  assert.deepEqual(seventeen.filter((type) => !caused.has(type)), [], "the simulation causes every type");

  const log = await readLog(service);
  await using afterwards = follow(service, 0);
  for (const reader of [before, afterwards]) {
    await until("the reader has everything", () => reader.events.length >= log.length);
    assert.deepEqual(reader.events, log);
  }
});

Deno.test("the API killed in the middle of calls and away for a while loses and doubles nothing", async () => {
  await using database = await testDatabase();
  await using prosody = await testProsody();
  const env = { PORT: String(freePort()) };
  await using first = await testService({ database, prosody, env });

  // Slow enough that the kill falls in its middle, however fast the machine.
  const running = simulate({ ...plan, pace: 40, url: first.url });
  running.catch(() => {});
  await until(
    "calls are under way",
    async () => (await read<{ items: unknown[] }>(first, "/events")).items.length > 50,
  );
  await first.kill("SIGKILL");
  // The calls go on without it for as long as they need no new session.
  const stored = await database.sql`select id from log_head`;
  await until("the outbox holds records", async () => await outboxBytes(prosody.dataDir) > 20_000);
  assert.deepEqual(
    await database.sql`select id from log_head`,
    stored,
    "nobody writes while the API is away",
  );

  await using second = await testService({ database, prosody, env });
  await assertTruth(second, await running);
  assert.doesNotMatch(second.logs(), /are missing/, "nor any record of a session");
});

Deno.test("SIGTERM under load: exit code 0, readers told to come back, nothing lost", async () => {
  await using database = await testDatabase();
  await using prosody = await testProsody();
  const env = { PORT: String(freePort()) };
  await using first = await testService({ database, prosody, env });
  const socket = new WebSocket(
    `${first.url.replace("http", "ws")}/stream?access_token=${first.token}`,
    "talky.events.v1",
  );
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);

  let actions = 0;
  const onProgress = (progress: { actions: number }) => void (actions = progress.actions);
  const running = simulate({ ...plan, pace: 40, url: first.url }, { onProgress });
  running.catch(() => {});
  const more = async (what: string) => {
    const before = actions;
    await until(what, () => actions >= before + 5);
  };
  await until(
    "calls are under way",
    async () => (await read<{ items: unknown[] }>(first, "/events")).items.length > 50,
  );
  // In turn with the API, so that some of what it has accepted is not stored when it is asked to stop, and
  // more comes before the rest is.
  await using earlier = holdLog(database);
  await waiters(database, 1);
  await using later = holdLog(database);
  await waiters(database, 2);
  const asked = Date.now();
  const stopping = first.stop();
  await closed;
  await more("more happens");
  await earlier.release();
  await more("and more");
  await later.release();
  assert.equal(await stopping, 0);
  // A bound of the contract, not a measurement.
  assert.ok(Date.now() - asked < 10_000, "it ends within 10 s");
  assert.equal((await closed).code, 1012);

  await using second = await testService({ database, prosody, env });
  await assertTruth(second, await running);
});

// ---

/** Takes the log's end as a writer does, and keeps it until it is released. */
function holdLog({ sql }: TestDatabase) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = sql.begin(async (tx) => {
    await tx`select from log_head for update`;
    await promise;
  });
  const release = () => {
    resolve();
    return over.then(() => {});
  };
  return { release, [Symbol.asyncDispose]: release };
}

/** Waits until somebody who writes has to wait for others, and how many have to. */
async function waiters({ sql }: TestDatabase, count: number): Promise<void> {
  await until(`${count} wait for the log`, async () => {
    const waiting = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return waiting.length >= count;
  });
}
