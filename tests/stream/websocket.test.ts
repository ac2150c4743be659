import assert from "node:assert/strict";
import { until } from "../harness/wait.ts";
import { publicUrl, testApi } from "../routes/api.ts";
import { assertProblem } from "../routes/problems.ts";
import { rooms } from "./live_log.ts";
import { openWebSocket } from "./web_client.ts";

Deno.test("a reader over a WebSocket: the subprotocol, ready, history, live", async () => {
  await using api = await testApi({ events: 30 });
  await using reader = openWebSocket(await api.serve(), `after=20&access_token=${api.token}`);
  await until("the history arrives", () => reader.ids().length === 10);
  assert.equal(reader.socket.protocol, "talky.events.v1");
  const { generation } = await api.hub.bounds();
  assert.deepEqual(reader.frames[0], { type: "ready", after: 20, head: 30, generation });
  await api.append(5);
  await until("what is new arrives", () => reader.ids().length === 15);
  assert.deepEqual(reader.ids(), await api.ids({ after: 20 }));
  const events = reader.frames.flatMap((frame) => frame.type === "events" ? frame.events : []);
  assert.deepEqual(events, (await api.get("/events?after=20")).items, "the same JSON as over REST");
});

Deno.test("rooms and types filter; `after` absent is from now, 0 is from the earliest", async () => {
  await using api = await testApi({ events: 40 });
  const url = await api.serve();
  const query = `room=${rooms[0]}&room=${rooms[1].toUpperCase()}&type=room_created&type=rtt_enabled`;
  await using all = openWebSocket(url, `after=0&${query}&access_token=${api.token}`);
  await using now = openWebSocket(url, `access_token=${api.token}`);
  await until("both are ready", () => all.frames.length > 0 && now.frames.length > 0);
  const newest = await api.append(40);
  const wanted = { rooms: rooms.slice(0, 2), types: ["room_created", "rtt_enabled"] };
  await until(
    "everything arrives",
    async () => now.ids().at(-1) === newest && all.ids().length === (await api.ids(wanted)).length,
  );
  assert.deepEqual(all.ids(), await api.ids(wanted));
  assert.deepEqual(now.ids(), await api.ids({ after: 40 }));
});

Deno.test("a client without the subprotocol is served all the same", async () => {
  await using api = await testApi();
  await using reader = openWebSocket(await api.serve(), `access_token=${api.token}`, []);
  await until("it is ready", () => reader.frames.length === 1);
  assert.equal(reader.socket.protocol, "");
});

Deno.test("a `subscribe` frame replaces cursor and filter", async () => {
  await using api = await testApi({ events: 60 });
  await using reader = openWebSocket(await api.serve(), `access_token=${api.token}&room=${rooms[0]}`);
  await until("it is ready", () => reader.frames.length === 1);
  reader.send({ type: "subscribe", after: 10, rooms: [rooms[1]], types: [] });
  await until("the history arrives", () => reader.ids().length > 0);
  const { generation } = await api.hub.bounds();
  assert.deepEqual(reader.frames[1], { type: "ready", after: 10, head: 60, generation });
  assert.deepEqual(reader.ids(), await api.ids({ after: 10, rooms: [rooms[1]] }));
});

const bad: Record<string, string> = {
  "a cursor that is no number": "after=yesterday",
  "a negative cursor": "after=-1",
  "a cursor with a fraction": "after=1.5",
  "a cursor from the future": "after=1000000",
  "a room that is no id": "room=daily",
  "an unknown type": "type=room_painted",
};
for (const [what, query] of Object.entries(bad)) {
  Deno.test(`4400 for ${what}, and the reason says what is wrong`, async () => {
    await using api = await testApi({ events: 3 });
    const { code, reason } = await openWebSocket(await api.serve(), `${query}&access_token=${api.token}`)
      .closed;
    assert.equal(code, 4400);
    assert.match(reason, new RegExp(query.split("=")[0]!));
  });
}

const badFrames: Record<string, string | Uint8Array<ArrayBuffer>> = {
  "no JSON": "hello",
  "an unknown type of frame": '{"type":"publish"}',
  "an unknown key": '{"type":"subscribe","romms":[]}',
  "a cursor as text": '{"type":"subscribe","after":"1"}',
  "a cursor from the future": '{"type":"subscribe","after":1000000}',
  "a binary frame": new TextEncoder().encode('{"type":"subscribe"}'),
  "more than 64 KiB": JSON.stringify({ type: "token", token: "x".repeat(65 * 1024) }),
};
for (const [what, frame] of Object.entries(badFrames)) {
  Deno.test(`4400 for a frame with ${what}`, async () => {
    await using api = await testApi({ events: 3 });
    await using reader = openWebSocket(await api.serve(), `access_token=${api.token}`);
    await until("it is ready", () => reader.frames.length === 1);
    reader.socket.send(frame);
    assert.equal((await reader.closed).code, 4400);
    assert.equal(api.hub.status().readers, 0);
  });
}

Deno.test("401 instead of a WebSocket, without a good token of an operator", async () => {
  await using api = await testApi();
  const url = await api.serve();
  const tokens = [
    "",
    await api.operatorToken("read", -1),
    `${api.token.slice(0, -4)}AAAA`,
    await api.credential(crypto.randomUUID()),
  ];
  for (const token of tokens) {
    const reader = openWebSocket(url, `access_token=${token}`);
    // The handshake failed: browsers say 1006, Deno 0.
    assert.ok([0, 1006].includes((await reader.closed).code));
    // Who may not see why can ask.
    const response = await fetch(`${url}/stream?access_token=${token}`);
    await assertProblem(response, "unauthorized");
  }
});

Deno.test("4401 when the token ends under way; a reader is told before", async () => {
  await using api = await testApi();
  const reader = openWebSocket(await api.serve(), `access_token=${await api.operatorToken("read", 2)}`);
  assert.equal((await reader.closed).code, 4401);
  assert.deepEqual(reader.frames.map(({ type }) => type), ["ready", "expiring"]);
});

Deno.test("a `token` frame keeps a reader beyond the end of its first token", async () => {
  await using api = await testApi({ hub: { heartbeatEvery: 100 } });
  const short = await api.operatorToken("read", 2);
  const url = await api.serve();
  await using kept = openWebSocket(url, `access_token=${short}`);
  const left = openWebSocket(url, `access_token=${short}`);
  await until("it is ready", () => kept.frames.length > 0);
  kept.send({ type: "token", token: api.token });
  await left.closed;
  const newest = await api.append(1);
  await until("the first one still reads", () => kept.ids().at(-1) === newest);
});

Deno.test("4401 for a `token` frame with a bad token", async () => {
  await using api = await testApi();
  await using reader = openWebSocket(await api.serve(), `access_token=${api.token}`);
  await until("it is ready", () => reader.frames.length > 0);
  reader.send({ type: "token", token: await api.operatorToken("read", -1) });
  assert.deepEqual(await reader.closed, { code: 4401, reason: "the token is not valid, or is not any more" });
});

Deno.test("4410 for a cursor whose events are gone, naming the earliest; 0 is that one", async () => {
  await using api = await testApi({ events: 20 });
  await api.sql`delete from events where id <= 12`;
  await api.sql`update log_head set earliest = 13`;
  const url = await api.serve();
  const { code, reason } = await openWebSocket(url, `after=11&access_token=${api.token}`).closed;
  assert.equal(code, 4410);
  assert.match(reason, /\b13\b/);
  for (const after of [12, 0]) {
    await using reader = openWebSocket(url, `after=${after}&access_token=${api.token}`);
    await until("it gets what is kept", () => reader.ids().length === 8);
    assert.equal(reader.ids()[0], 13);
  }
});

Deno.test("1012 when the service stops", async () => {
  await using api = await testApi();
  const reader = openWebSocket(await api.serve(), `access_token=${api.token}`);
  await until("it is ready", () => reader.frames.length > 0);
  await api.hub.stop();
  assert.equal((await reader.closed).code, 1012);
});

Deno.test("1013 when there are too many readers", async () => {
  await using api = await testApi({ hub: { maxReaders: 1 } });
  const url = await api.serve();
  await using first = openWebSocket(url, `access_token=${api.token}`);
  await until("the first is ready", () => first.frames.length > 0);
  assert.equal((await openWebSocket(url, `access_token=${api.token}`).closed).code, 1013);
  assert.equal(first.socket.readyState, WebSocket.OPEN);
});

Deno.test("a reader that goes is forgotten", async () => {
  await using api = await testApi();
  const url = await api.serve();
  const readers = Array.from({ length: 5 }, () => openWebSocket(url, `access_token=${api.token}`));
  await until("all are ready", () => readers.every(({ frames }) => frames.length > 0));
  assert.equal(api.hub.status().readers, 5);
  for (const { socket } of readers) socket.close();
  await until("none is left", () => api.hub.status().readers === 0);
  await Promise.all(readers.map(({ closed }) => closed));
});

Deno.test("the console's cookie lets read too", async () => {
  await using api = await testApi({ events: 1 });
  const headers = { host: new URL(publicUrl).host, cookie: `talky_token=${api.token}` };
  const response = await api.app.request("/events", { headers });
  assert.equal(response.status, 200);
});
