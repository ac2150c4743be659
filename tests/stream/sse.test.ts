import assert from "node:assert/strict";
import { until } from "../harness/wait.ts";
import { testApi } from "../routes/api.ts";
import { rooms } from "./live_log.ts";
import { openEventStream, openWebSocket } from "./web_client.ts";

Deno.test("server-sent events are the same events as over a WebSocket", async () => {
  await using api = await testApi({ events: 700 });
  const url = await api.serve();
  const query = `after=50&room=${rooms[2]}&room=${rooms[0]}&access_token=${api.token}`;
  await using stream = await openEventStream(url, query);
  await using socket = openWebSocket(url, query);
  await until("both are there", () => stream.messages.length > 0 && socket.frames.length > 0);
  for (let i = 0; i < 5; i++) await api.append(20);
  const wanted = { after: 50, rooms: [rooms[2], rooms[0]] };
  const expected = await api.ids(wanted);
  await until(
    "both have everything",
    () => stream.ids().length === expected.length && socket.ids().length === expected.length,
  );
  assert.deepEqual(stream.ids(), expected);
  assert.deepEqual(socket.ids(), expected);
  assert.equal(stream.response.headers.get("content-type"), "text/event-stream");
  const sent = socket.frames.flatMap((frame) => frame.type === "events" ? frame.events : []);
  const messages = stream.messages.filter(({ event }) => event === "message");
  assert.deepEqual(messages.map(({ data }) => data), sent);
  assert.deepEqual(
    messages.map(({ id }) => id),
    expected.map(String),
    "each under its own id, to resume from",
  );
});

Deno.test("a reader that comes back with Last-Event-ID, again and again, has every event once", async () => {
  await using api = await testApi({ events: 40, hub: { heartbeatEvery: 50 } });
  const url = await api.serve();
  const authorization = `Bearer ${api.token}`;
  const query = `after=0&room=${rooms[1]}`;
  const received: number[] = [];
  let last: string | undefined;
  for (let round = 0; round < 6; round++) {
    const stream = await openEventStream(url, query, {
      authorization,
      ...(last && { "last-event-id": last }),
    });
    await api.append(10);
    const newest = (await api.ids({ rooms: [rooms[1]] })).at(-1);
    await until("it has read to the end", () => (stream.ids().at(-1) ?? received.at(-1)) === newest);
    // Sometimes a heartbeat has moved the id on.
    if (round % 2) await until("a heartbeat", () => stream.messages.at(-1)!.event === "heartbeat");
    received.push(...stream.ids());
    last = stream.messages.findLast(({ id }) => id !== undefined)?.id;
    await stream[Symbol.asyncDispose]();
  }
  assert.deepEqual(received, await api.ids({ rooms: [rooms[1]] }));
  await until("the hub has forgotten them", () => api.hub.status().readers === 0);
});

Deno.test("the end of an event stream says why, in a last event", async () => {
  await using api = await testApi();
  const url = await api.serve();
  const stopped = await openEventStream(url, `access_token=${api.token}`);
  const expired = await openEventStream(url, `access_token=${await api.operatorToken("read", 1)}`);
  await expired.ended;
  assert.deepEqual(expired.messages.map(({ event }) => event), ["ready", "close"]);
  assert.equal(expired.messages.at(-1)!.data.code, 4401);
  await api.hub.stop();
  await stopped.ended;
  assert.equal(stopped.messages.at(-1)!.data.code, 1012);
});

Deno.test("what cannot be streamed is answered as a problem", async () => {
  await using api = await testApi({ events: 10, hub: { maxReaders: 0 } });
  await api.sql`delete from events where id <= 5`;
  await api.sql`update log_head set earliest = 6`;
  const ask = async (query: string, headers: Record<string, string> = {}) => {
    const response = await api.request(`/stream?${query}`, {
      headers: { accept: "text/event-stream", ...headers },
    });
    const { status, code, detail } = await response.json();
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal(status, response.status);
    return { status, code, detail };
  };
  assert.deepEqual(await ask("after=x"), {
    status: 400,
    code: "invalid_request",
    detail: "after: takes an event id: a whole number from 0",
  });
  const gone = await ask("after=3");
  assert.deepEqual([gone.status, gone.code], [410, "cursor_gone"]);
  assert.match(gone.detail, /\b6\b/);
  assert.equal((await ask("after=99")).status, 400);
  assert.equal((await ask("", { "last-event-id": "nonsense" })).status, 400);
  assert.equal((await ask("", { authorization: "Bearer nonsense" })).status, 401);
  assert.equal((await ask("after=8")).status, 503, "too many readers");
  assert.equal((await ask("", { accept: "application/json" })).status, 426);
});
