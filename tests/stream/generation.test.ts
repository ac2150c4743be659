import assert from "node:assert/strict";
import { readEvents, StreamClosed } from "../../client/mod.ts";
import { renewGeneration } from "../../db/log.ts";
import { until } from "../harness/wait.ts";
import { testApi } from "../routes/api.ts";
import { assertProblem } from "../routes/problems.ts";
import { openEventStream, openWebSocket } from "./web_client.ts";

Deno.test("readers of a log that was restored are told; the next one reads the new log", async () => {
  await using api = await testApi({ events: 10 });
  const url = await api.serve();
  const query = `after=0&access_token=${api.token}`;
  await using socket = openWebSocket(url, query);
  await using messages = await openEventStream(url, query);
  await until("both have read", () => [socket, messages].every((reader) => reader.ids().length === 10));
  const { generation: former } = await api.hub.bounds();

  const generation = await renewGeneration(api.sql);
  assert.notEqual(generation, former);
  assert.equal((await socket.closed).code, 4411);
  await messages.ended;
  assert.equal(messages.messages.at(-1)?.event, "close");
  assert.equal(messages.messages.at(-1)?.data.code, 4411);

  await using next = openWebSocket(url, query);
  await until("it reads", () => next.ids().length === 10);
  const [ready] = next.frames;
  assert.equal(ready?.type === "ready" && ready.generation, generation);
  await api.append(1);
  await until("and goes on", () => next.ids().length === 11);
});

Deno.test("a cursor of another log is refused wherever it is shown", async () => {
  await using api = await testApi({ events: 10 });
  const url = await api.serve();
  const { generation: former } = await api.hub.bounds();
  const generation = await renewGeneration(api.sql);
  const token = `access_token=${api.token}`;
  for (const cursor of [`after=3&generation=${former}`, `after=3@${former}`]) {
    await using socket = openWebSocket(url, `${cursor}&${token}`);
    assert.equal((await socket.closed).code, 4411, cursor);
    await assertProblem(
      await fetch(`${url}/stream?${cursor}&${token}`, { headers: { accept: "text/event-stream" } }),
      "other_log",
    );
    await assertProblem(await api.request(`/events?${cursor}`), "other_log");
  }
  for (const cursor of [`after=3&generation=${generation}`, `after=3@${generation}`, "after=3"]) {
    await using socket = openWebSocket(url, `${cursor}&${token}`);
    await until("it reads", () => socket.ids().length === 7);
    assert.equal((await api.get(`/events?${cursor}`)).items.length, 7, cursor);
  }
  await using both = openWebSocket(url, `after=3@${generation}&generation=${former}&${token}`);
  assert.equal((await both.closed).code, 4400);
  for (const path of ["/rooms", "/users", "/events"]) {
    assert.equal((await api.get(path)).generation, generation, path);
  }
});

Deno.test("the client keeps the log beside its cursor, and stops where the log is another one", async () => {
  await using api = await testApi({ events: 3 });
  const url = await api.serve();
  const reader = readEvents({ url, token: api.token, after: 0 });
  const read: number[] = [];
  await assert.rejects(async () => {
    for await (const event of reader) {
      read.push(event.id);
      if (read.length === 3) await renewGeneration(api.sql);
    }
  }, (error) => error instanceof StreamClosed && error.code === 4411);
  assert.deepEqual(read, [1, 2, 3]);
  const again = readEvents({ url, token: api.token, after: 3, generation: reader.generation! });
  await assert.rejects(async () => {
    for await (const _ of again);
  }, (error) => error instanceof StreamClosed && error.code === 4411);
});
