import assert from "node:assert/strict";
import { readSettings } from "../../config.ts";
import { createMetrics } from "../../runtime/metrics.ts";
import { createTokenBuckets } from "../../runtime/token_buckets.ts";
import { ada, bob, daily, eve, makeCall } from "./a_call.ts";
import { type Api, type ApiOptions, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

const { limits: settings } = readSettings({});

/** An API with the limits of life, or tighter ones, and a clock that stands until it is moved (milliseconds). */
async function limited(changes: Partial<typeof settings> = {}, options: ApiOptions = {}) {
  let time = 0;
  const metrics = createMetrics();
  const limits = createTokenBuckets({ ...settings, ...changes }, {
    now: () => time,
    onMet: metrics.countLimit,
  });
  const clientAddress: NonNullable<ApiOptions["dependencies"]>["clientAddress"] = (c) =>
    c.req.header("x-test-address") ?? "198.51.100.1";
  const api = await testApi({
    ...options,
    dependencies: { limits, clientAddress, metrics, ...options.dependencies },
  });
  return {
    api,
    metrics,
    pass: (milliseconds: number) => time += milliseconds,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

const guest = (api: Api, address = "198.51.100.1") =>
  api.app.request("/config/guest", { method: "POST", headers: { "x-test-address": address } });

async function report(api: Api, sessionid: string, batch: unknown, headers: Record<string, string> = {}) {
  return await api.app.request("/telemetry", {
    method: "POST",
    body: JSON.stringify({ batch }),
    headers: { authorization: `Bearer ${await api.credential(sessionid)}`, ...headers },
  });
}

Deno.test("one client asks for session after session: 429, with when to come again, and then it may", async () => {
  await using bounded = await limited({ sessions: 2 });
  const { api, metrics, pass } = bounded;
  for (let i = 0; i < 20; i++) assert.equal((await guest(api)).status, 200);
  const refused = await guest(api);
  const after = Number(refused.headers.get("retry-after"));
  await assertProblem(refused, "too_many_requests");
  assert.equal((await guest(api, "198.51.100.2")).status, 200, "another address is not refused for it");
  pass(1000 * after);
  assert.equal((await guest(api)).status, 200);
  assert.match((await metrics.render()).text, /talky_limits_met_total\{limit="sessions"\} 1/);
  const [row] = await api.sql`select count(*)::int as count from users`;
  assert.deepEqual(row, { count: 22 });
});

Deno.test("a class of forty behind one address never meets a limit", async () => {
  await using bounded = await limited();
  const { api, metrics, pass } = bounded;
  await makeCall(api.sql);
  // All at once, and then, refused by Prosody, each again every two seconds.
  for (let second = 0; second < 40; second += 2) {
    const answers = await Promise.all(Array.from({ length: 40 }, () => guest(api)));
    assert.ok(answers.every(({ status }) => status === 200), `in second ${second}`);
    pass(2000);
  }
  // A lesson: everybody asks for the room and reports every five seconds.
  const item = { room_id: daily, peer_id: bob, data: { stats: "x".repeat(2000) } };
  for (let second = 0; second < 60; second += 5) {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => report(api, ada, [item])),
    );
    assert.ok(answers.every(({ status }) => status === 202), `in second ${second}`);
    pass(5000);
  }
  const { text } = await metrics.render();
  assert.deepEqual(text.match(/talky_limits_met_total\{[^}]*\} [1-9].*/g), null);
});

Deno.test("an SDK that is refused and retries for ever does no harm, and gets in once good", async () => {
  await using bounded = await limited();
  const { api, pass } = bounded;
  const user = (token: string) =>
    api.app.request("/config/user", { method: "POST", body: JSON.stringify({ token }) });
  for (let i = 0; i < 500; i++) {
    assert.equal((await user("not good")).status, 401);
    pass(2000);
  }
  const [row] = await api.sql`select count(*)::int as count from users`;
  assert.deepEqual(row, { count: 0 });
  assert.equal((await guest(api)).status, 200);
});

Deno.test("failures of authorisation have a limit; a good token is never refused for them", async () => {
  await using bounded = await limited({ failures: 1 });
  const { api } = bounded;
  const wrong = () => api.request("/rooms", { headers: { authorization: "Bearer wrong" } });
  for (let i = 0; i < 20; i++) await assertProblem(await wrong(), "unauthorized");
  const refused = await wrong();
  assert.ok(refused.headers.has("retry-after"));
  await assertProblem(refused, "too_many_requests");
  assert.equal((await api.request("/rooms")).status, 200);
});

Deno.test("an operator whose token has been good is not refused for what its neighbours do", async () => {
  await using bounded = await limited({ requests: 1 });
  const { api } = bounded;
  assert.equal((await api.request("/rooms")).status, 200);
  for (let i = 0; i < 9; i++) assert.equal((await api.app.request("/healthz")).status, 200);
  await assertProblem(await api.app.request("/healthz"), "too_many_requests");
  for (let i = 0; i < 50; i++) assert.equal((await api.request("/rooms")).status, 200);
});

Deno.test("telemetry has a limit by bytes; of what is refused a sample is kept, and all is counted", async () => {
  await using bounded = await limited({ telemetry: 2048 });
  const { api, metrics } = bounded;
  await makeCall(api.sql);
  const big = { room_id: daily, peer_id: bob, data: { text: "x".repeat(30_000) } };
  let taken = 0;
  while ((await report(api, ada, [big])).status === 202) taken++;
  assert.ok(taken * 30_000 < 2048 * 60 + 30_000 + 1, `${taken} of 30 KB`);
  // A stranger's, small ones.
  const strange = { type: "nonsense" };
  for (let i = 0; i < 2; i++) {
    const answer = await report(api, eve, Array(200).fill(strange), { "x-test-address": "198.51.100.9" });
    assert.equal((await answer.json()).rejected.length, 200, "the client is told of each");
  }
  const [row] = await api.sql`select count(*)::int as count from rejected`;
  assert.deepEqual(row, { count: 100 });
  assert.match((await metrics.render()).text, /talky_limits_met_total\{limit="kept_refusals"\} 300/);
});

Deno.test("exports have a limit by bytes; what has begun goes on", async () => {
  await using bounded = await limited({ exports: 1 }, { events: 500 });
  const { api } = bounded;
  const lines = () =>
    api.request("/events", {
      headers: { accept: "application/x-ndjson", authorization: `Bearer ${api.token}` },
    });
  assert.equal((await (await lines()).text()).trim().split("\n").length, 500);
  await assertProblem(await lines(), "too_many_requests");
  assert.equal((await api.request("/events?limit=1")).status, 200, "a page is no export");
});

Deno.test("a token has so many readers", async () => {
  await using api = await testApi({ hub: { maxReadersEach: 2 } });
  const open = () =>
    api.request("/stream", {
      headers: { accept: "text/event-stream", authorization: `Bearer ${api.token}` },
    });
  const [first, second, third] = [await open(), await open(), await open()];
  assert.deepEqual([first.status, second.status, third.status], [200, 200, 503]);
  await third.body?.cancel();
  await first.body?.cancel();
  const again = await open();
  assert.equal(again.status, 200);
  await again.body?.cancel();
  await second.body?.cancel();
});

Deno.test("whatever methods, paths, headers and tokens come, the metrics do not grow", async () => {
  await using bounded = await limited({ requests: Infinity, failures: Infinity });
  const { api, metrics } = bounded;
  const odd = (n: number) => `X${n.toString(36).toUpperCase()}`;
  const flood = async (from: number) => {
    for (let n = from; n < from + 500; n++) {
      const headers = {
        authorization: `Bearer ${odd(n)}`,
        "x-test-address": odd(n),
        accept: `${odd(n)}/x`,
        host: odd(n),
      };
      await api.app.request(`/${odd(n)}`, { method: odd(n), headers });
      await api.app.request(`/rooms/${crypto.randomUUID()}?${odd(n)}=${n}`, { headers });
      await api.app.request(`/stream?type=${odd(n)}`, { headers: { ...headers, upgrade: "websocket" } });
    }
    return (await metrics.render()).text.split("\n").length;
  };
  const before = await flood(0);
  assert.equal(await flood(500), before);
});

Deno.test("every answer has a content security policy, and but for our pages it allows nothing", async () => {
  await using api = await testApi({ dependencies: { demo: () => Promise.resolve(new Uint8Array()) } });
  for (
    const path of [
      "/",
      "/docs",
      "/demo",
      "/healthz",
      "/rooms",
      "/nothing",
      "/openapi.json",
      "/rooms?limit=0",
      "/stream",
    ]
  ) {
    const policy = (await api.request(path)).headers.get("content-security-policy");
    assert.match(policy ?? "", /^default-src 'none'/, path);
    if (!["/", "/docs", "/demo"].includes(path)) {
      assert.equal(policy, "default-src 'none'; frame-ancestors 'none'");
    }
    assert.doesNotMatch(policy!, /script-src[^;]*unsafe/, path);
  }
  const page = await (await api.request("/docs")).text();
  assert.doesNotMatch(page, /<script>/);
});
