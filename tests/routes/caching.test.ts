import assert from "node:assert/strict";
import { request } from "node:http";
import { gunzipSync, inflateSync } from "node:zlib";
import { until } from "../harness/wait.ts";
import { outboxRun, storeAll } from "../db/outbox.ts";
import { roomRecord } from "../events/history.ts";
import { ada, at, call, daily, makeCall, weekly } from "./a_call.ts";
import { type Api, testApi } from "./api.ts";

Deno.test("what has not changed is not sent again: an ended room, a page of the past", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const past = [
    "/events?limit=3",
    `/rooms/${weekly}/events`,
    `/rooms/${weekly}`,
    `/rooms/${weekly}/occupants`,
    `/rooms/${daily}/state?at=${at(5)}`,
    `/users/${ada}`,
  ];
  const present = [`/rooms/${daily}`, "/rooms?limit=1", "/events?order=desc"];
  const tags = new Map<string, string>();
  for (const path of [...past, ...present]) {
    const first = await api.request(path);
    const etag = first.headers.get("etag");
    assert.ok(etag, path);
    assert.match(first.headers.get("cache-control") ?? "", /\bprivate\b/, path);
    assert.match(first.headers.get("vary") ?? "", /\bAccept\b/, path);
    await first.body?.cancel();
    tags.set(path, etag);
    for (const names of [etag, `"x", ${etag}`, etag.replace(/^W\//, ""), "*"]) {
      assert.equal(await statusOf(api, path, names), 304, `${path} has ${names}`);
    }
    for (const names of ['"x"', 'W/"x"', ""]) assert.equal(await statusOf(api, path, names), 200, path);
  }
  const more = [roomRecord("message_sent", { id: daily, jid: "daily@rooms.talky.test" }, at(20), {
    actor: ada,
    data: { length: 1 },
  })];
  await storeAll(api.sql, outboxRun([...call, ...more]));
  for (const path of past) assert.equal(await statusOf(api, path, tags.get(path)!), 304, `${path} is past`);
  for (const path of ["/events?order=desc", `/rooms/${daily}`]) {
    assert.equal(await statusOf(api, path, tags.get(path)!), 200, `${path} has changed`);
  }
});

Deno.test("JSON, NDJSON and CSV are compressed for whom asks, the same bytes; streams never", async () => {
  await using api = await testApi({ events: 500 });
  const url = await api.serve();
  const ask = (path: string, headers: Record<string, string>) =>
    rawRequest(`${url}${path}`, {
      authorization: `Bearer ${api.token}`,
      ...headers,
    });
  for (const accept of ["application/json", "application/x-ndjson", "text/csv"]) {
    const plain = await ask("/events", { accept });
    assert.equal(plain.headers["content-encoding"], undefined);
    for (const [encoding, unpack] of [["gzip", gunzipSync], ["deflate", inflateSync]] as const) {
      const packed = await ask("/events", { accept, "accept-encoding": encoding });
      assert.equal(packed.headers["content-encoding"], encoding, accept);
      assert.match(String(packed.headers["vary"]), /accept-encoding/i);
      assert.ok(packed.body.length < plain.body.length / 2, `${accept}: ${packed.body.length}`);
      assert.ok(unpack(packed.body).equals(plain.body), accept);
    }
    for (const refusal of ["gzip;q=0", "identity", "br", "gzip;q=0, *;q=0"]) {
      const answered = await ask("/events", { accept, "accept-encoding": refusal });
      assert.equal(answered.headers["content-encoding"], undefined, refusal);
    }
  }
  const stream = await fetch(`${url}/stream?after=0`, {
    headers: { authorization: `Bearer ${api.token}`, accept: "text/event-stream", "accept-encoding": "gzip" },
  });
  assert.equal(stream.headers.get("content-encoding"), null);
  await stream.body?.cancel();
});

Deno.test("HEAD tells what GET would, and opens no reader", async () => {
  await using api = await testApi({ events: 5 });
  const url = await api.serve();
  const ask = (path: string, accept: string, method: "HEAD" | "GET" = "HEAD") =>
    fetch(url + path, { method, headers: { authorization: `Bearer ${api.token}`, accept } });
  const head = await ask("/stream?after=0", "text/event-stream");
  assert.deepEqual([head.status, head.headers.get("content-type")], [200, "text/event-stream"]);
  assert.equal(api.hub.status().readers, 0);
  assert.equal((await ask("/stream?after=x", "text/event-stream")).status, 400);
  assert.equal((await ask("/stream", "application/json")).status, 426);
  const got = await ask("/stream", "text/event-stream", "GET");
  await until("a GET opens one", () => api.hub.status().readers === 1);
  await got.body?.cancel();
  assert.equal((await ask("/events", "text/csv")).headers.get("content-type"), "text/csv; charset=utf-8");
});

Deno.test("HSTS by setting, where the service is reached by https", async () => {
  const header = async (dependencies: Parameters<typeof testApi>[0]) => {
    await using api = await testApi(dependencies);
    return (await api.app.request("/healthz")).headers.get("strict-transport-security");
  };
  assert.equal(await header({}), "max-age=15552000");
  assert.equal(await header({ dependencies: { hsts: "off" } }), null);
  assert.equal(await header({ dependencies: { hsts: "subdomains" } }), "max-age=15552000; includeSubDomains");
  assert.equal(await header({ dependencies: { publicUrl: "http://localhost:8001" } }), null);
});

// ---

async function statusOf(api: Api, path: string, ifNoneMatch: string): Promise<number> {
  const response = await api.request(path, { headers: { "if-none-match": ifNoneMatch } });
  const body = await response.text();
  if (response.status === 304) assert.equal(body, "");
  return response.status;
}

/** A request whose body comes as it was sent: fetch unpacks it. */
function rawRequest(url: string, headers: Record<string, string>) {
  const { promise, resolve, reject } = Promise.withResolvers<
    {
      headers: Record<string, string | string[] | undefined>;
      body: Uint8Array<ArrayBuffer> & { equals(other: Uint8Array): boolean };
    }
  >();
  request(url, { headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk) => chunks.push(chunk));
    response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    response.on("error", reject);
  }).on("error", reject).end();
  return promise;
}
