import assert from "node:assert/strict";
import fc from "fast-check";
import { signCredential } from "../../../auth/credential.ts";
import { deriveKeys } from "../../../auth/keys.ts";
import { signOperatorToken } from "../../../auth/operator.ts";
import { eventTypes } from "../../../events/event.ts";
import { Problem } from "../../../routes/problem.ts";
import { closeCodes } from "../../../stream/close_codes.ts";
import { testDatabase } from "../../harness/database.ts";
import { testService } from "../../harness/service.ts";
import { ada, bob, daily, makeCall } from "../../routes/a_call.ts";
import { openWebSocket } from "../../stream/web_client.ts";
import { mangled, samples, torn } from "./malformed.ts";
import { keepingSlim } from "./memory.ts";

/** Requests side by side. */
const atOnce = 20;

/** What is asked here is asked faster than anybody may: the limits would answer in its place. */
const unlimited = {
  TALKY_LIMIT_REQUESTS: "off",
  TALKY_LIMIT_TOKEN_REQUESTS: "off",
  TALKY_LIMIT_SESSIONS: "off",
  TALKY_LIMIT_FAILURES: "off",
  TALKY_LIMIT_TELEMETRY: "off",
};

/** A service that knows a call, the bearer of a session in it, and an operator's token. */
interface Pestered {
  readonly url: string;
  readonly credential: string;
  readonly token: string;
}

/** Has something done with every sample, some side by side; the service must not mind. */
async function pester<T>(arbitrary: fc.Arbitrary<T>, act: (service: Pestered, sample: T) => Promise<void>) {
  await using database = await testDatabase();
  await makeCall(database.sql);
  const secret = crypto.randomUUID();
  await using service = await testService({
    database,
    env: { TALKY_SECRET: secret, LOG_LEVEL: "error", ...unlimited },
  });
  const keys = await deriveKeys(secret);
  const session = { sessionid: ada, userid: "ada@guests.talky-api.local" };
  const credential = await signCredential(keys, session, 3600);
  const token = await signOperatorToken(keys, "read", 3600);
  const { url } = service;
  const rouse = () =>
    Promise.all(Array.from({ length: 100 }, () => fetch(`${url}/openapi.json`).then((r) => r.text())));
  for await (const list of keepingSlim(service.pid, samples(arbitrary, atOnce), rouse)) {
    await Promise.all(list.map((sample) => act({ url, credential, token }, sample)));
  }
  assert.equal((await fetch(`${service.url}/healthz`)).status, 200);
  assert.equal(service.logs(), "", "nothing failed");
}

/** Asserts that an answer is none of the service's own failures, and that a refusal says why. */
async function assertSound(response: Response, asked: string): Promise<string> {
  const text = await response.text();
  const said = `${response.status} ${text.slice(0, 500)}, asked ${asked.slice(0, 500)}`;
  assert.ok(response.status < 500, said);
  if (response.status >= 400) {
    const problem = Problem.parse(JSON.parse(text));
    assert.ok(problem.status === response.status && problem.title, said);
  }
  return text;
}

const batch = {
  batch: [
    {
      type: "p2p_session_stats",
      room_id: daily,
      peer_id: bob,
      time: "2026-01-01T12:00:00.000Z",
      data: { a: 1 },
    },
    { roomId: daily, peerId: bob, data: '{"rtt":1}' },
  ],
};
const body = fc.oneof(
  mangled([batch]).map((value) => JSON.stringify(value) ?? ""),
  torn(fc.constant(JSON.stringify(batch))),
  fc.string({ unit: "binary" }),
);

Deno.test("telemetry of any shape is taken or refused with a reason, item by item", async () => {
  await pester(body, async ({ url, credential }, text) => {
    const headers = { authorization: `Bearer ${credential}` };
    const response = await fetch(`${url}/telemetry`, { method: "POST", headers, body: text });
    const answer = await assertSound(response, text);
    if (response.status !== 202) return;
    const { accepted, rejected } = JSON.parse(answer);
    assert.equal(accepted + rejected.length, (JSON.parse(text).batch as unknown[]).length);
    for (const { code, message } of rejected) assert.ok(code && message);
  });
});

const value = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e3",
    "9007199254740993",
    "NaN",
    daily,
    "room_created",
    "asc",
    "null",
    "%00",
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);
const names = [
  "after",
  "before",
  "type",
  "room",
  "actor",
  "peer",
  "from",
  "to",
  "limit",
  "order",
  "cursor",
  "active",
];
const query = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 })
  .map((pairs) => new URLSearchParams(pairs.map(([name, text]) => [name, text.toWellFormed()])).toString());

Deno.test("queries of any shape are answered or refused with a reason", async () => {
  const paths = [
    "/events",
    "/rooms",
    "/users",
    "/rejected",
    `/rooms/${daily}/events`,
    `/rooms/${daily}/state`,
  ];
  const asked = fc.tuple(fc.constantFrom(...paths), query).map(([path, text]) => `${path}?${text}`);
  await pester(asked, async ({ url, token }, path) => {
    const headers = { authorization: `Bearer ${token}` };
    await assertSound(await fetch(url + path, { headers }), path);
  });
});

const frame = fc.oneof(
  mangled([
    { type: "subscribe", after: 0, rooms: [daily], types: [eventTypes[0]] },
    { type: "token", token: "x.y.z" },
  ]).map((one) => JSON.stringify(one) ?? ""),
  torn(fc.constant(JSON.stringify({ type: "subscribe", after: 0 }))),
  fc.string({ unit: "binary" }),
);
const told: readonly number[] = Object.values(closeCodes).map(({ code }) => code);

Deno.test("frames of any shape: the stream goes on, or closes with a code and a reason", async () => {
  await pester(frame, async ({ url, token }, text) => {
    const reader = openWebSocket(url, `access_token=${token}`);
    reader.socket.addEventListener("open", () => {
      reader.send(text);
      // Whoever is still there closes for this one.
      reader.send("enough");
    });
    const { code, reason } = await reader.closed;
    assert.ok(told.includes(code) && reason, `${code} ${reason}, sent ${text}`);
  });
});

Deno.test("subscriptions of any shape begin, or are closed with a code and a reason", async () => {
  await pester(query, async ({ url, token }, text) => {
    const reader = openWebSocket(url, `${text}&access_token=${token}`);
    reader.socket.addEventListener("message", () => reader.socket.close(), { once: true });
    const { code, reason } = await reader.closed;
    if (reader.frames.length === 0) assert.ok(told.includes(code) && reason, `${code} ${reason}, ${text}`);
  });
});

const odd = fc.string({ unit: "binary", maxLength: 60 }).map((text) => text.replace(/[\r\n]/g, ""));
const headerNames = fc.constantFrom(
  ...["Host", "Accept", "Authorization", "Content-Type", "Content-Length", "Transfer-Encoding", "Connection"],
  ...["Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Expect", "Origin"],
  ...["Cookie", "Idempotency-Key", "Last-Event-ID", "X-Forwarded-For", "Range", "If-None-Match"],
);
const header = fc.oneof(
  fc.tuple(
    headerNames,
    fc.oneof(odd, fc.constantFrom("websocket", "chunked", "Upgrade", "__proto__", "100-continue", "-1")),
  )
    .map(([name, text]) => `${name}: ${text}`),
  odd,
);
const start = fc.oneof(
  fc.tuple(
    fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "FOO"),
    fc.constantFrom("/stream", "/rooms", "/config/guest", "/telemetry", "*", "//", "/%ff"),
  )
    .map(([method, path]) => `${method} ${path} HTTP/1.1`),
  odd,
);
const request = fc.tuple(
  start,
  fc.array(header, { maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 40 }),
)
  .map(([line, headers, rest]) => [line, "Host: x", ...headers].join("\r\n") + "\r\n\r\n" + rest);

Deno.test("requests of any shape, byte by byte, are answered below 500, or closed", async () => {
  await pester(request, async ({ url }, text) => {
    // Half closed, so that whoever waits for the rest of it knows that there is none.
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
    await connection.write(new TextEncoder().encode(text)).catch(() => {});
    await connection.closeWrite().catch(() => {});
    const bytes = new Uint8Array(4096);
    const length = await connection.read(bytes).catch(() => null);
    connection.close();
    const answer = new TextDecoder().decode(bytes.subarray(0, length ?? 0));
    assert.match(answer, /^(HTTP\/1\.1 [1-4]\d\d |$)/, JSON.stringify(text));
  });
});
