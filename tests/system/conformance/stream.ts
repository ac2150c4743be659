/**
 * What the live stream promises, on whatever runtime.
 *
 * @module
 */
import assert from "node:assert/strict";
import { until } from "../../harness/wait.ts";
import { assertProblem } from "../../routes/problems.ts";
import { openEventStream, openWebSocket, type WebSocketReader } from "../../stream/web_client.ts";
import type { Conformance } from "./target.ts";

export const stream: Conformance = {
  async "history and live are one path, over a WebSocket"({ url, token, append }) {
    const head = await append(1200);
    await using reader = openWebSocket(url, `after=${head - 1200}&access_token=${await token()}`);
    await ready(reader);
    assert.equal(reader.socket.protocol, "talky.events.v1");
    const newest = await append(300);
    await until("the last event", () => reader.ids().at(-1) === newest);
    assert.deepEqual(reader.ids(), Array.from({ length: 1500 }, (_, i) => head - 1199 + i));
  },

  async "a new subscription replaces the first"({ url, token, append }) {
    const head = await append(10);
    await using reader = openWebSocket(url, `access_token=${await token()}`);
    await ready(reader);
    reader.send({ type: "subscribe", after: head - 10, types: ["room_locked"] });
    await until("the second ready", () => reader.frames.filter(({ type }) => type === "ready").length === 2);
    reader.send({ type: "subscribe", after: head - 4 });
    await until("the rest", () => reader.ids().at(-1) === head);
    assert.deepEqual(reader.ids(), [head - 3, head - 2, head - 1, head]);
  },

  async "what is wrong closes with a code"({ url, token, append }) {
    const head = await append(1);
    const good = await token();
    const code = async (query: string) => {
      await using reader = openWebSocket(url, query);
      return (await reader.closed).code;
    };
    assert.equal(await code(`after=none&access_token=${good}`), 4400);
    assert.equal(await code(`after=${head + 5000}&access_token=${good}`), 4400);
    // Without a good token there is no WebSocket: browsers say 1006, Deno 0.
    assert.ok([0, 1006].includes(await code("access_token=wrong")));

    await using reader = openWebSocket(url, `access_token=${good}`);
    await ready(reader);
    reader.send({ type: "token", token: "wrong" });
    assert.equal((await reader.closed).code, 4401);
  },

  async "server-sent events resume by Last-Event-ID"({ url, token, append }) {
    const head = await append(40);
    const headers = { "authorization": `Bearer ${await token()}`, "last-event-id": String(head - 3) };
    await using reader = await openEventStream(url, "", headers);
    assert.equal(reader.response.headers.get("access-control-allow-origin"), "*");
    const newest = await append(2);
    await until("the last event", () => reader.ids().at(-1) === newest);
    assert.deepEqual(reader.ids(), [head - 2, head - 1, head, head + 1, head + 2]);
  },

  async "without a token there are no server-sent events"({ url, request }) {
    const headers = { accept: "text/event-stream" };
    await assertProblem(await fetch(`${url}/stream`, { headers }), "unauthorized");
    await assertProblem(await request("/stream?after=none", { headers }), "invalid_request");
    await assertProblem(await request("/stream"), "upgrade_required");
  },

  async "readers that leave are forgotten, those that stay get everything"({ url, token, append }) {
    const query = `access_token=${await token()}`;
    await using staying = openWebSocket(url, query);
    await ready(staying);
    for (let i = 0; i < 20; i++) {
      await using leaving = openWebSocket(url, query);
      await ready(leaving);
      await append(5);
    }
    await until("all", () => staying.ids().length === 100);
    const [first = 0] = staying.ids();
    assert.deepEqual(staying.ids(), Array.from({ length: 100 }, (_, i) => first + i));
  },
};

// ---

function ready(reader: WebSocketReader): Promise<unknown> {
  return until("ready", () => reader.frames.some(({ type }) => type === "ready"));
}
