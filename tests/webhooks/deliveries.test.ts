import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { until } from "../harness/wait.ts";
import { delivering } from "./delivering.ts";
import { startReceiver } from "./receiver.ts";

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

Deno.test("a webhook is told of all of the log, in order, in batches, signed", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 250 });
  receiver.behave(() => 500);
  const { secret, ...made } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0 });
  assert.equal(made.state, "pending");
  receiver.verify(secret);
  receiver.behave(() => 204);
  await until("the history", () => receiver.accepted().length === 250);
  await api.append(3);
  await until("what is new", () => receiver.accepted().length === 253);
  assert.deepEqual(receiver.accepted(), upTo(253));
  const batches = receiver.received.filter(({ events }) => events.length > 0);
  assert.ok(batches.every(({ accepted }) => accepted), "npm's standardwebhooks verifies each");
  for (const { id, events, body } of batches) {
    assert.ok(events.length <= 100);
    assert.equal(id, `${made.generation}-${events[0]}-${events.at(-1)}`);
    assert.equal(JSON.parse(body).generation, made.generation);
  }
  const { items } = await api.get("/events?limit=100");
  assert.deepEqual(JSON.parse(batches[0]!.body).events, items, "events are as everywhere");
  const now = await until("the cursor", async () => {
    const webhook = await api.manage("GET", `/webhooks/${made.id}`);
    return webhook.cursor === 253 && webhook;
  });
  assert.deepEqual([now.state, now.batch, now.failures], ["active", null, 0]);
});

Deno.test("a batch stays as it was cut, under its id, until it succeeds, whatever comes meanwhile", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 5 });
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0 });
  let answers = 0;
  receiver.behave(async ({ events }) => {
    if (events.length === 0) return 200;
    await api.append(2);
    await api.manage("PATCH", `/webhooks/${id}`, { batch_size: 50 + answers, types: null });
    return ++answers < 6 ? 500 : 200;
  });
  await until("all", () => receiver.accepted().length >= 5 && answers >= 7);
  const ids = receiver.received.filter(({ events }) => events.length > 0).map(({ id }) => id);
  assert.equal(new Set(ids.slice(0, 6)).size, 1);
  assert.notEqual(ids[6], ids[5]);
});

Deno.test("what is wanted: rooms by id or name, types; what is not moves the cursor all the same", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 40 });
  const [, room] = await api.sql<{ id: string }[]>`select id from rooms order by id`;
  await api.sql`update rooms set jid = 'daily@rooms.talky.test' where id = ${room!.id}`;
  const types = ["room_created", "occupant_joined", "message_sent"];
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0, types });
  const byName = await startReceiver();
  await api.manage("POST", "/webhooks", { url: byName.url, after: 0, rooms: ["Daily"] });
  const wanted = await api.ids({ types });
  const inRoom = await api.ids({ rooms: [room!.id] });
  await until("those", () => receiver.accepted().length === wanted.length);
  await until("those of the room", () => byName.accepted().length === inRoom.length);
  assert.deepEqual(receiver.accepted(), wanted);
  assert.deepEqual(byName.accepted(), inRoom);
  const newest = await api.append(7, { type: "audio_paused" });
  await until(
    "the cursor passes them",
    async () => (await api.manage("GET", `/webhooks/${id}`)).cursor === newest,
  );
  await byName[Symbol.asyncDispose]();
});

Deno.test("410 disables; a redirect, an answer that breaks off and one that never comes are failures", async () => {
  await using elsewhere = await startReceiver();
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 3, options: { timeout: 300 } });
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0 });
  const seen: string[] = [];
  receiver.behave(({ events }, response) => {
    if (events.length === 0) return 200;
    seen.push(events.join());
    if (seen.length === 1) return void response.writeHead(307, { location: elsewhere.url }).end();
    if (seen.length === 2) {
      response.writeHead(200, { "content-length": "1000" }).write("half");
      return void setTimeout(() => response.destroy(), 20);
    }
    if (seen.length === 3) return;
    return 410;
  });
  const state = await until("it is disabled", async () => {
    const webhook = await api.manage("GET", `/webhooks/${id}`);
    return webhook.state === "disabled" && webhook;
  });
  assert.deepEqual(seen, ["1,2,3", "1,2,3", "1,2,3", "1,2,3"]);
  assert.equal(state.cursor, 0);
  assert.equal(elsewhere.connections(), 0);
  receiver.behave(() => 200);
  await api.manage("PATCH", `/webhooks/${id}`, { paused: false });
  await until("it goes on", () => receiver.accepted().length === 3);
});

Deno.test("what is told is what /openapi.json says of it", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 40 });
  const document = await api.get("/openapi.json");
  const { post } = document.webhooks.told;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "openapi");
  const validate = ajv.compile({
    $ref: "openapi#/webhooks/told/post/requestBody/content/application~1json/schema",
  });
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0 });
  await until("all", () => receiver.accepted().length === 40);
  await api.manage("POST", `/webhooks/${id}/test`);
  assert.deepEqual(
    new Set(receiver.received.map(({ body }) => JSON.parse(body).type)),
    new Set(["verification", "events", "test"]),
  );
  for (const { body, headers } of receiver.received) {
    assert.ok(validate(JSON.parse(body)), JSON.stringify(validate.errors));
    for (const { name } of post.parameters) assert.ok(headers[name], name);
  }
});
