import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { readEvents, type TalkyEvent } from "../../../client/mod.ts";
import { connect } from "../../../db/connect.ts";
import { store } from "../../../db/store.ts";
import { type EventType, eventTypes } from "../../../events/event.ts";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { type TestService, testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { readLog } from "./truth.ts";

/** How long the writers write, in seconds; a minute with TALKY_TEST_LONG. */
const seconds = Deno.env.get("TALKY_TEST_LONG") ? 60 : 6;
const roomCount = 8;

Deno.test("fifty readers that come and go on two instances each get all that matches, once, in order", async () => {
  await using database = await testDatabase();
  await using one = await testService({ database });
  await using two = await testService({ database });
  const rooms = await makeRooms(database);

  const done = new AbortController();
  const readers = Array.from({ length: 50 }, (_, i) => wander(pick(i, rooms), [one, two], done.signal));
  const ends = Promise.all(readers.map(({ ended }) => ended));
  // Who waits for it hears of it; until then it must not end the run.
  ends.catch(() => {});
  const written = new AbortController();
  const deafened = deafen(database, written.signal);
  await Promise.all(Array.from({ length: 8 }, () => write(database, rooms))).finally(() => written.abort());
  await deafened;

  const log = await readLog(one);
  assert.ok(log.length > 500, `the writers wrote ${log.length} events`);
  for (const reader of readers) {
    const wanted = log.filter(reader.matches);
    const all = until("a reader has all", () => reader.events.length >= wanted.length, { timeout: 60_000 });
    await Promise.race([all, ends]);
  }
  done.abort();
  for (const reader of readers) {
    await reader.ended;
    assert.deepEqual(reader.events.map(({ id }) => id), log.filter(reader.matches).map(({ id }) => id));
  }
  assert.ok(readers.every(({ visits }) => visits() > 1), "every reader has come back at least once");
});

Deno.test("an event committed right after ready arrives, a thousand times", async () => {
  await using database = await testDatabase();
  await using service = await testService({ database });
  const [room] = await makeRooms(database);
  for (let turn = 0; turn < 1000; turn++) {
    const socket = new WebSocket(
      `${service.url.replace("http", "ws")}/stream?access_token=${service.token}`,
      "talky.events.v1",
    );
    const frames = frameQueue(socket);
    const ready = await frames.next();
    assert.equal(ready["type"], "ready");
    await append(database.sql, room!, "message_sent");
    const { type, events } = await frames.next();
    assert.equal(type, "events");
    assert.equal((events as TalkyEvent[])[0]!.id, Number(ready["after"]) + 1);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  }
});

// ---

interface Wish {
  readonly rooms?: readonly string[];
  readonly types?: readonly EventType[];
}

/** A filter for the i-th reader: everything, some rooms, some types, or both. */
function pick(i: number, rooms: readonly string[]): Wish {
  const someRooms = rooms.filter((_, at) => (at + i) % 3 === 0);
  const someTypes = writtenTypes.filter((_, at) => (at + i) % 2 === 0);
  return {
    ...(i % 4 === 1 || i % 4 === 3 ? { rooms: someRooms } : {}),
    ...(i % 4 >= 2 ? { types: someTypes } : {}),
  };
}

/** Reads from the beginning, now here, now there, each time for a random while from when it is connected. */
function wander(wish: Wish, services: readonly TestService[], done: AbortSignal) {
  const events: TalkyEvent[] = [];
  let visits = 0;
  const ended = (async () => {
    let after = 0;
    while (!done.aborted) {
      const { url, token } = services[Math.floor(Math.random() * services.length)]!;
      const visit = new AbortController();
      let over: ReturnType<typeof setTimeout> | undefined;
      const onConnection = (connected: boolean) => {
        if (connected) over ??= setTimeout(() => visit.abort(), 100 + Math.random() * 1500);
      };
      const signal = AbortSignal.any([done, visit.signal]);
      const reader = readEvents({ url, token, after, ...wish, signal, onConnection });
      visits++;
      for await (const event of reader) events.push(event);
      clearTimeout(over);
      after = reader.cursor ?? after;
    }
  })();
  const matches = ({ room_id, type }: TalkyEvent) =>
    (!wish.rooms || wish.rooms.includes(room_id ?? "")) && (!wish.types || wish.types.includes(type));
  return { events, ended, matches, visits: () => visits };
}

/** Cuts the connection on which an instance hears of events: now the one is behind, now the other. */
async function deafen({ sql }: TestDatabase, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    await sql`
      select pg_terminate_backend(pid) from (
        select pid from pg_stat_activity
        where datname = current_database() and query ilike 'listen%' order by random() limit 1
      ) as listener`;
    await delay(100);
  }
}

const writtenTypes = eventTypes.slice(2, 10);

/** Commits small groups as fast as one connection can, now and then rolling one back. */
async function write(database: TestDatabase, rooms: readonly string[]): Promise<void> {
  const sql = connect(database.url, { max: 1 });
  const until = Date.now() + seconds * 1000;
  // On a machine that has other things to do, for as long as it takes.
  for (let groups = 0; Date.now() < until || groups < 30; groups++) {
    const room = rooms[Math.floor(Math.random() * rooms.length)]!;
    await append(sql, room, ...writtenTypes.filter(() => Math.random() < 0.4));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  }
  await sql.end();
}

async function append(sql: TestDatabase["sql"], room_id: string, ...types: EventType[]): Promise<void> {
  const time = new Date().toISOString();
  const events = types.map((type) => ({ type, room_id, actor_id: null, peer_id: null, time, data: {} }));
  const sessionid = crypto.randomUUID();
  await store(sql, [{ origin: "telemetry", sessionid, events, refusals: [] }]);
}

async function makeRooms({ sql }: TestDatabase): Promise<string[]> {
  const ids = Array.from({ length: roomCount }, () => crypto.randomUUID());
  for (const id of ids) {
    await sql`insert into rooms (id, name, jid, created) values (${id}, 'r', 'r@rooms.test', now())`;
  }
  return ids;
}

/** A socket's frames, one at a time. */
function frameQueue(socket: WebSocket): { next(): Promise<Record<string, unknown>> } {
  const waiting: Record<string, unknown>[] = [];
  let wake = () => {};
  socket.onmessage = ({ data }) => {
    waiting.push(JSON.parse(data));
    wake();
  };
  return {
    async next() {
      if (waiting.length === 0) await new Promise<void>((resolve) => wake = resolve);
      return waiting.shift()!;
    },
  };
}
