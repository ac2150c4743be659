import assert from "node:assert/strict";
import { hashToken } from "../../auth/api_key.ts";
import { until } from "../harness/wait.ts";
import { openEventStream, openWebSocket } from "../stream/web_client.ts";
import { type Api, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Posts JSON as whoever has a token. */
function post(api: Api, path: string, token: string, body?: unknown): Promise<Response> {
  return api.request(path, {
    method: "POST",
    headers: bearer(token),
    ...body !== undefined && { body: JSON.stringify(body) },
  });
}

/** The JSON of a POST that must make something. */
// deno-lint-ignore no-explicit-any
async function make(api: Api, path: string, token: string, body?: unknown): Promise<any> {
  const response = await post(api, path, token, body);
  const text = await response.text();
  assert.equal(response.status, 201, text);
  assert.equal(response.headers.get("cache-control"), "no-store");
  return JSON.parse(text);
}

async function statusOf(api: Api, token: string, path = "/events"): Promise<number> {
  const response = await api.request(path, { headers: bearer(token) });
  await response.body?.cancel();
  return response.status;
}

Deno.test("a key is made, shown once, listed, used and revoked", async () => {
  await using api = await testApi();
  const { token: admin } = await api.apiKey({ scope: "admin" });
  const { token, ...made } = await make(api, "/tokens", admin, {
    ...{ name: "a dashboard", scope: "manage", rooms: ["Daily"], types: ["message_sent"], expires: "2h" },
  });
  assert.match(token, /^tk_/);
  assert.deepEqual(
    { ...made, id: "", created: "", expires: "" },
    {
      ...{ id: "", name: "a dashboard", scope: "manage", rooms: ["daily"], types: ["message_sent"] },
      ...{ created: "", expires: "", used: null, revoked: null },
    },
  );
  assert.equal(Math.round((Date.parse(made.expires) - Date.now()) / 60_000), 120);
  const list = async (query = "") => {
    const response = await api.request(`/tokens${query}`, { headers: bearer(admin) });
    const text = await response.text();
    assert.doesNotMatch(text, new RegExp(token.slice(-32)), "it is shown once");
    assert.doesNotMatch(text, new RegExp(await hashToken(token)));
    return JSON.parse(text).items;
  };
  assert.equal((await list())[0].id, made.id);
  assert.equal(await statusOf(api, token), 200);
  assert.notEqual((await list())[0].used, null);

  const revoke = (id: string) => api.request(`/tokens/${id}`, { method: "DELETE", headers: bearer(admin) });
  assert.equal((await revoke(made.id)).status, 204);
  assert.equal(await statusOf(api, token), 401);
  assert.equal((await revoke(made.id)).status, 204, "again is no error");
  await assertProblem(await revoke("nobody"), "token_not_found");
  assert.ok(!(await list("?active=true")).some(({ id }: { id: string }) => id === made.id));
  assert.notEqual((await list("?active=false"))[0].revoked, null);
});

Deno.test("what a key's end may be", async () => {
  await using api = await testApi();
  const { token } = await api.apiKey({ scope: "admin" });
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  for (const expires of ["400d", "1s", inDays(399)]) {
    await make(api, "/tokens", token, { name: "n", expires });
  }
  for (const expires of ["401d", "999999d", "0d", "-1d", "", "soon", inDays(401), inDays(-1), "2026-13-01"]) {
    await assertProblem(await post(api, "/tokens", token, { name: "n", expires }), "invalid_request");
  }
  for (
    const body of [
      {},
      { name: "" },
      { name: "n", rooms: [] },
      { name: "n", rooms: [" "] },
      { name: "n", types: ["x"] },
      { name: "n", scope: "root" },
      { name: "n", room: ["daily"] },
    ]
  ) {
    await assertProblem(await post(api, "/tokens", token, body), "invalid_request");
  }
});

Deno.test("nobody makes more of what they have", async () => {
  await using api = await testApi();
  const { token: admin } = await api.apiKey({ scope: "admin" });
  const { token: narrow } = await api.apiKey({ scope: "admin", view: { rooms: ["daily"] } });
  const { token: manage } = await api.apiKey({ scope: "manage" });
  const { token: limited } = await api.apiKey({
    view: { rooms: ["daily", "weekly"], types: ["message_sent"] },
  });
  const { token: session } = await make(api, "/tokens/session", admin, { scope: "admin" });
  // An admin of some rooms would make itself one of all; a token for minutes would make one that stays.
  for (const token of [manage, limited, narrow, session]) {
    await assertProblem(await post(api, "/tokens", token, { name: "n" }), "forbidden");
  }
  for (const token of [manage, limited, narrow]) {
    await assertProblem(await api.request("/tokens", { headers: bearer(token) }), "forbidden");
  }
  await assertProblem(await post(api, "/tokens/session", session, {}), "forbidden");

  for (
    const more of [
      { scope: "manage" },
      { rooms: ["daily", "other"] },
      { types: ["message_sent", "room_created"] },
      { types: ["room_created"] },
    ]
  ) await assertProblem(await post(api, "/tokens/session", limited, more), "forbidden");
  await assertProblem(await post(api, "/tokens/session", limited, { expires: "61m" }), "invalid_request");
  const whole = await make(api, "/tokens/session", limited, {});
  assert.deepEqual([whole.scope, whole.rooms, whole.types], ["read", ["daily", "weekly"], ["message_sent"]]);
  const part = await make(api, "/tokens/session", limited, { rooms: ["Daily"], expires: "1m" });
  assert.deepEqual([part.rooms, part.types], [["daily"], ["message_sent"]]);
  const soon = await api.apiKey({ lifetime: 30 });
  const brief = await make(api, "/tokens/session", soon.token, { expires: "1h" });
  assert.ok(Date.parse(brief.expires) <= Date.now() + 30_000, "no longer than its key");
});

Deno.test("what was made from a key ends with it", async () => {
  await using api = await testApi();
  const key = await api.apiKey();
  const { token } = await make(api, "/tokens/session", key.token, {});
  const { ticket } = await make(api, "/tickets", token);
  assert.equal(await statusOf(api, token), 200);
  const { token: admin } = await api.apiKey({ scope: "admin" });
  await api.request(`/tokens/${key.id}`, { method: "DELETE", headers: bearer(admin) });
  for (const one of [key.token, token]) assert.equal(await statusOf(api, one), 401);
  assert.equal((await api.app.request(`/events?ticket=${ticket}`)).status, 401);
});

Deno.test("a ticket lets one URL in, once, as who asked for it", async () => {
  await using api = await testApi({ events: 10 });
  const { token } = await api.apiKey({ view: { types: ["room_created"] } });
  const ticket = async () => (await make(api, "/tickets", token)).ticket;
  const spent = await ticket();
  const file = await api.app.request(`/events?ticket=${spent}`, { headers: { accept: "text/csv" } });
  assert.equal(file.status, 200);
  assert.ok(
    (await file.text()).trim().split("\r\n").slice(1).every((line) => line.split(",")[1] === "room_created"),
  );
  await assertProblem(await api.app.request(`/events?ticket=${spent}`), "unauthorized");
  const late = await ticket();
  await api.sql`update tickets set expires = now() where hash = ${await hashToken(late)}`;
  for (const wrong of [late, "tt_", "", "x", token]) {
    await assertProblem(await api.app.request(`/events?ticket=${wrong}`), "unauthorized");
  }
  await assertProblem(await api.app.request(`/stats/now?ticket=${await ticket()}`), "forbidden");

  const url = await api.serve();
  const [one, other] = [await ticket(), await ticket()];
  await using socket = openWebSocket(url, `after=0&ticket=${one}`);
  await until("it reads", () => socket.frames.some(({ type }) => type === "ready"));
  const again = await fetch(`${url}/stream?after=0&ticket=${one}`, {
    headers: { accept: "text/event-stream" },
  });
  await assertProblem(again, "unauthorized");
  await using messages = await openEventStream(url, `after=0&ticket=${other}`);
  await until("it reads", () => messages.messages.length > 0);
});

Deno.test("where a setting says no, a token in a URL is not taken, and what is instead is said", async () => {
  await using api = await testApi({ dependencies: { accessTokenInQuery: false } });
  const { token } = await api.apiKey();
  const refused = await api.app.request(`/events?access_token=${token}`);
  assert.match((await refused.clone().json()).detail, /POST \/tickets/);
  await assertProblem(refused, "unauthorized");
  // The same before a WebSocket is opened.
  const handshake = { upgrade: "websocket", connection: "Upgrade" };
  await assertProblem(
    await api.app.request(`/stream?access_token=${token}`, { headers: handshake }),
    "unauthorized",
  );
});

Deno.test("a key that is revoked ends its open streams (4401), and a download in the middle", async () => {
  await using api = await testApi();
  // More than fits into the buffers of a connection.
  await api.append(2000, { data: { text: "x".repeat(20_000) } });
  const url = await api.serve();
  const key = await api.apiKey({ lifetime: 86_400 });
  const { token: session } = await make(api, "/tokens/session", key.token, {});
  const { token: kept } = await api.apiKey();
  await using socket = openWebSocket(url, `access_token=${key.token}`);
  await using bySession = openWebSocket(url, `access_token=${session}`);
  await using messages = await openEventStream(url, "", bearer(key.token));
  await using other = openWebSocket(url, `access_token=${kept}`);
  // One that began as somebody else.
  await using changed = openWebSocket(url, `access_token=${kept}`);
  await until("all read", () => [socket, bySession, other, changed].every(({ frames }) => frames.length > 0));
  changed.send({ type: "token", token: key.token });
  const file = await fetch(`${url}/events`, {
    headers: { accept: "text/csv", "accept-encoding": "identity", ...bearer(key.token) },
  });
  const lines = file.body!.getReader();
  await lines.read();

  await api.sql`update api_keys set revoked = now() where id = ${key.id}`;
  const began = Date.now();
  for (const { closed } of [socket, bySession, changed]) {
    assert.deepEqual(await closed, { code: 4401, reason: "the key has been revoked" });
  }
  await messages.ended;
  assert.equal(messages.messages.at(-1)?.data.code, 4401);
  await until("it is refused", async () => await statusOf(api, key.token) === 401);
  assert.ok(Date.now() - began < 60_000);
  assert.equal(other.socket.readyState, WebSocket.OPEN);
  // What was on its way before may still come.
  await assert.rejects(async () => {
    while (!(await lines.read()).done);
  });
});

Deno.test("a fresh token on an open stream shows what it shows, no more", async () => {
  await using api = await testApi({ events: 40 });
  const url = await api.serve();
  const { token: all } = await api.apiKey();
  const { token: some } = await api.apiKey({ view: { types: ["room_created"] } });
  await using reader = openWebSocket(url, `after=0&access_token=${all}`);
  await until("the history", () => reader.ids().length === 40);
  reader.send({ type: "token", token: some });
  // In turn: once this is answered, the token has been taken.
  reader.send({ type: "subscribe", after: 40 });
  await until("it is taken", () => reader.frames.filter(({ type }) => type === "ready").length === 2);
  const newest = await api.append(40);
  const expected = await api.ids({ after: 40, types: ["room_created"] });
  await until("its own", () => reader.ids().length === 40 + expected.length);
  reader.send({ type: "token", token: all });
  await api.append(1, { type: "message_sent" });
  await until("all again", () => reader.ids().at(-1) === newest + 1);
  assert.deepEqual(reader.ids().slice(40), [...expected, newest + 1]);
});
