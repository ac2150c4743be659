import assert from "node:assert/strict";
import { ada, bob, daily, eve, makeCall, weekly } from "./a_call.ts";
import { type Api, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

async function report(
  api: Api,
  batch: unknown,
  headers: Record<string, string> = {},
  sessionid: string = ada,
) {
  return await api.app.request("/telemetry", {
    method: "POST",
    body: JSON.stringify({ batch }),
    headers: {
      authorization: `Bearer ${await api.credential(sessionid)}`,
      "content-type": "text/plain",
      ...headers,
    },
  });
}
const stats = async (api: Api) => (await api.get("/events?type=p2p_session_stats&limit=1000")).items;

Deno.test("what a client measured is in the log, as its own, once it is answered", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const time = new Date().toISOString();
  const response = await report(api, [
    { type: "p2p_session_stats", room_id: daily, peer_id: bob, time, data: { rtt: 12 } },
    { roomId: daily, peerId: bob, time, data: '{"rtt":13}' },
  ]);
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { accepted: 2, rejected: [] });
  const common = { type: "p2p_session_stats", room_id: daily, actor_id: ada, peer_id: bob, time };
  assert.deepEqual((await stats(api)).map(({ id: _id, ...event }: { id: number }) => event), [
    { ...common, data: { rtt: 12 } },
    { ...common, data: { rtt: 13 } },
  ]);
});

Deno.test("items that cannot be taken are named with their reason, kept, and stop no other", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const good = { room_id: daily, peer_id: bob, data: {} };
  const response = await report(api, [
    { ...good, type: "room_destroyed" },
    good,
    { ...good, room_id: "daily" },
    { ...good, room_id: weekly, peer_id: eve },
    { ...good, peer_id: eve },
    "what?",
    { ...good, data: { text: "\u0000" } },
    good,
  ]);
  assert.equal(response.status, 202);
  const { accepted, rejected } = await response.json();
  assert.equal(accepted, 2);
  assert.deepEqual(rejected.map(({ index, code }: { index: number; code: string }) => `${index} ${code}`), [
    "0 invalid_item",
    "2 invalid_item",
    "3 unknown_room",
    "4 unknown_peer",
    "5 invalid_item",
    "6 unstorable_character",
  ]);
  assert.equal((await stats(api)).length, 2);
  const kept = (await api.get("/rejected?origin=telemetry")).items;
  assert.equal(kept.length, 6);
  assert.ok(kept.every(({ origin_ref }: { origin_ref: string }) => origin_ref === ada));
});

Deno.test("a batch retried under its key is stored once and answered the same, also at the same time", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const batch = [{ room_id: daily, peer_id: bob, data: { n: 1 } }, { type: "nonsense" }];
  const key = { "idempotency-key": "abc" };
  const answers = await Promise.all([1, 2, 3].map(async () => await (await report(api, batch, key)).text()));
  answers.push(await (await report(api, batch, key)).text());
  assert.equal(new Set(answers).size, 1, answers.join("\n"));
  assert.equal((await stats(api)).length, 1);
  assert.equal((await api.get("/rejected")).items.length, 1);
  await assertProblem(await report(api, [], key), "key_reused");
  // Another client may have the same key.
  assert.equal((await report(api, [{ room_id: daily, data: {} }], key, bob)).status, 202);
  assert.equal((await stats(api)).length, 2);
});

Deno.test("batches that make no sense, and what no database can hold", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  await assertProblem(await report(api, "nothing"), "invalid_request");
  await assertProblem(await report(api, Array(201).fill({})), "too_large");
  await assertProblem(await report(api, [{ data: "x".repeat(600 * 1024) }]), "too_large");
  const half = await report(api, [{ room_id: daily, data: { text: "\ud800" } }]);
  assert.ok(
    half.status === 202 || half.status === 400,
    `half a surrogate pair: ${half.status} ${await half.text()}`,
  );
});

Deno.test("an item cut in the middle of a character for keeping spoils no other", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const batch = [{ room_id: daily, data: {} }, { room_id: daily, data: { text: "x" + "😀".repeat(20_000) } }];
  const headers = { authorization: `Bearer ${await api.credential(ada)}` };
  const response = await api.request("/telemetry", {
    method: "POST",
    body: JSON.stringify({ batch }),
    headers,
  });
  assert.equal(response.status, 202);
  const { accepted, rejected } = await response.json();
  assert.deepEqual([accepted, rejected[0].code], [1, "item_too_large"]);
});

const stream = (timestamp: number, change: Record<string, unknown> = {}) => ({
  ...{ type: "inbound-rtp", kind: "audio", ssrc: 1, timestamp, bytesReceived: 10 },
  ...change,
});
const timesOf = async (api: Api) =>
  (await stats(api)).map(({ time }: { time: string }) => Math.round((Date.parse(time) - Date.now()) / 1000));

Deno.test("what waited in a queue has the time of its measuring, by our clock", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  // The client's clock is half an hour behind, and its queue minutes late.
  const measured = (secondsAgo: number) => Date.now() - 30 * 60_000 - secondsAgo * 1000;
  const send = async (...ago: number[]) => {
    const batch = ago.map((seconds) => ({
      roomId: daily,
      peerId: bob,
      data: JSON.stringify({ sid: "1", reports: [stream(measured(seconds))] }),
    }));
    assert.equal((await report(api, batch)).status, 202);
  };
  await send(0);
  await send(300, 240, 180);
  await send(60);
  const late = await timesOf(api);
  for (const [i, expected] of [0, -300, -240, -180, -60].entries()) {
    assert.ok(Math.abs(late[i]! - expected) <= 5, `${late}`);
  }
  const [{ readings }] = await api.sql<[{ readings: number }]>`select count(*) as readings from quality`;
  assert.equal(readings, 5);
});

Deno.test("a client that says when it sent is not late, whatever its clock and its measurements are", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const clock = Date.now() + 7 * 3_600_000;
  const data = { sid: "1", at: clock - 20_000, sent: clock, reports: [stream(clock - 20_000)] };
  const response = await report(api, [{
    room_id: daily,
    peer_id: bob,
    time: new Date(clock).toISOString(),
    data,
  }]);
  assert.equal((await response.json()).accepted, 1);
  const [time] = await timesOf(api);
  assert.ok(Math.abs(time! + 20) <= 5, `${time}`);
});

Deno.test("absurd measurements are refused item by item; a time far off is bounded", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const item = (change: Record<string, unknown>) => ({
    room_id: daily,
    peer_id: bob,
    data: { sid: "1", reports: [stream(Date.now(), change)] },
  });
  const response = await report(api, [
    item({ bytesReceived: -1 }),
    item({}),
    item({ jitter: "NaN" }),
    item({ ssrc: 1e12 }),
    item({ timestamp: 1e17 }),
    item({ jitter: null, packetsLost: -2, bytesReceived: 11, timestamp: Date.now() + 1 }),
  ]);
  const { accepted, rejected } = await response.json();
  assert.equal(accepted, 2);
  assert.deepEqual(rejected.map(({ index, code }: { index: number; code: string }) => [index, code]), [
    [0, "absurd_measurement"],
    [2, "absurd_measurement"],
    [3, "absurd_measurement"],
    [4, "absurd_measurement"],
  ]);
  assert.match(rejected[0].message, /^data\.reports\.0\.bytesReceived: /);

  // Beside others of now, a measurement of last year is one of now that a wrong clock made.
  const old = await report(api, [item({}), item({ timestamp: Date.now() - 365 * 86_400_000 })]);
  assert.equal((await old.json()).accepted, 2);
  assert.ok((await timesOf(api)).every((seconds: number) => Math.abs(seconds) < 5));
});
