import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:tls";
import { startHttpServer } from "../../../runtime/deno/http_server.ts";
import { defaults, selfSigned } from "../../../scripts/certgen.ts";
import { until } from "../../harness/wait.ts";
import { testApi } from "../../routes/api.ts";
import { exchange, handshake } from "./raw.ts";

/** The same bounds as in life, in less time. */
const short = { header: 400, request: 800, idle: 400, stalled: 2000, handshake: 400, close: 400, ping: 400 };

const slow: Record<string, { text: string; drip?: string; status?: number }> = {
  "says nothing": { text: "" },
  "sends its header byte by byte": { text: "GET / HTTP/1.1\r\nHost: x\r\n", drip: "a" },
  "sends header after header": { text: "GET / HTTP/1.1\r\nHost: x\r\n", drip: "a: b\r\n" },
  "sends its body byte by byte": {
    text: "POST /config/guest HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
    drip: "a",
  },
  "sends chunk after chunk": {
    text: "POST /config/guest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    drip: "1\r\na\r\n",
  },
  "announces a body and sends none": {
    text: "POST /telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
  },
  "waits after an answer": { text: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", status: 200 },
  "begins a second request and no more": {
    text: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n",
    status: 200,
  },
};
Deno.test("a connection ends whose client is slow, whatever at", async () => {
  await using api = await testApi();
  const { port } = new URL(await api.serve(short));
  await Promise.all(
    Object.entries(slow).map(async ([what, { text, drip, status }]) => {
      const answer = await exchange(Number(port), text, drip ? { drip } : {});
      assert.ok(answer.ended, `still open: one that ${what}`);
      assert.match(answer.text, status ? new RegExp(`^HTTP/1.1 ${status}`) : /^(HTTP\/1\.1 40[18]|$)/, what);
    }),
  );
});

Deno.test("a TLS connection without a hello ends", async () => {
  const { cert, key } = await selfSigned(defaults);
  const server = await startHttpServer(
    { hostname: "127.0.0.1", port: 0, pems: { cert, key }, bounds: short },
    () => new Response("here"),
  );
  const { port } = server.address;
  assert.ok((await exchange(port, "")).ended, "silence");
  assert.ok((await exchange(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")).ended, "in the clear");
  const client = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(client, "secureConnect");
  // A hello and nothing else.
  client.resume();
  await once(client, "close");
  await server.shutdown();
});

const nonsense: Record<string, string> = {
  "no HTTP": "\x16\x03\x01\x02 hello\r\n\r\n",
  "an unknown version": "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
  "a method that is none": "FOO{} / HTTP/1.1\r\nHost: x\r\n\r\n",
  "no Host": "GET /healthz HTTP/1.1\r\n\r\n",
  "a bad Host": "GET /healthz HTTP/1.1\r\nHost: a b<>\r\n\r\n",
  "a Host that is a path": "GET /healthz HTTP/1.1\r\nHost: evil/..%2f@x\r\n\r\n",
  "two lengths": "POST /telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
  "a length and chunks":
    "POST /telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "a header of 100 KB": `GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${"b".repeat(100_000)}\r\n\r\n`,
  "a target that is none": "GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
  "a handshake without a key":
    "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
  "a handshake of a POST":
    "POST /stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc",
  "a handshake with a bad Host":
    "GET /stream HTTP/1.1\r\nHost: <>\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "an upgrade to nonsense": "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
};
Deno.test("what is no request gets a 4xx without a stack, and the end of its connection", async () => {
  await using api = await testApi();
  const { port } = new URL(await api.serve(short));
  await Promise.all(
    Object.entries(nonsense).map(async ([what, text]) => {
      const answer = await exchange(Number(port), text);
      assert.ok(answer.ended, what);
      assert.match(answer.text, /^(HTTP\/1\.1 4\d\d |$)/, what);
      assert.doesNotMatch(answer.text, /\bat \S+:\d+|file:\/\//, what);
    }),
  );
});

Deno.test("without a token nothing that follows a handshake is read", async () => {
  await using api = await testApi();
  const { port } = new URL(await api.serve());
  const answer = await exchange(Number(port), handshake("/stream") + "\x81\x7f".padEnd(100_000, "x"));
  assert.ok(answer.ended);
  assert.match(answer.text, /^HTTP\/1\.1 401 /);
  assert.match(answer.text, /"code":"unauthorized"/);
});

Deno.test("a frame that is too large is not kept: 1009", async () => {
  await using api = await testApi();
  const socket = new WebSocket(
    `${(await api.serve()).replace("http", "ws")}/stream?access_token=${api.token}`,
  );
  await once(socket, "open");
  socket.send("x".repeat(1024 * 1024));
  const [{ code }] = await once(socket, "close");
  assert.equal(code, 1009);
});

Deno.test("a WebSocket ends whose client never answers a close, or a ping", async () => {
  await using api = await testApi({ events: 1 });
  const { port } = new URL(await api.serve(short));
  const withToken = (query: string) => handshake(`/stream?access_token=${api.token}${query}`);
  const refused = await exchange(Number(port), withToken("&after=x"));
  assert.ok(refused.ended, "no answer to a close");
  assert.match(refused.text, /^HTTP\/1\.1 101 /);
  assert.ok((await exchange(Number(port), withToken(""))).ended, "no answer to a ping");
  await until("no reader is left", () => api.hub.status().readers === 0);
});

Deno.test("an address has so many connections, and proxies any number", async () => {
  const start = (isProxy: boolean) =>
    startHttpServer(
      { hostname: "127.0.0.1", port: 0, bounds: { perAddress: 3, isProxy: () => isProxy } },
      () => new Response("here"),
    );
  for (const isProxy of [false, true]) {
    const server = await start(isProxy);
    const open = await Promise.all(Array.from({ length: 5 }, () => Deno.connect(server.address)));
    const request = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const answered = await Promise.all(open.map(async (connection) => {
      await connection.write(request).catch(() => {});
      return await connection.read(new Uint8Array(100)).catch(() => null) !== null;
    }));
    assert.equal(answered.filter(Boolean).length, isProxy ? 5 : 3);
    for (const connection of open) connection.close();
    await until(
      "there is room again",
      async () => (await fetch(`http://127.0.0.1:${server.address.port}`)).text(),
    );
    await server.shutdown();
  }
});

Deno.test("a body is the same with a length, in chunks, and byte by byte, wherever one is taken", async () => {
  await using api = await testApi();
  const url = await api.serve();
  const { paths } = await api.get("/openapi.json");
  const taking = Object.entries<Record<string, { requestBody?: unknown }>>(paths).flatMap(([path, item]) =>
    Object.entries(item).filter(([, operation]) => operation.requestBody).map(([method]) => ({
      path,
      method,
    }))
  );
  assert.ok(taking.length >= 5, JSON.stringify(taking));
  const text = new TextEncoder().encode(JSON.stringify({ name: "daily", scope: "read", batch: [{}, 3] }));
  const inPieces = (bytes: number) => () =>
    ReadableStream.from(
      Array.from({ length: text.length / bytes + 1 }, (_, i) => text.slice(i * bytes, (i + 1) * bytes))
        .filter(({ length }) => length > 0),
    );
  const bodies = [() => text, inPieces(text.length), inPieces(10), inPieces(1)];
  for (const { path, method } of taking) {
    const statuses = [];
    for (const body of bodies) {
      const response = await fetch(`${url}${path}`, {
        method: method.toUpperCase(),
        headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
        body: body(),
      });
      statuses.push(response.status);
      await response.body?.cancel();
    }
    assert.deepEqual(statuses, Array(bodies.length).fill(statuses[0]), `${method} ${path}`);
    assert.ok(statuses[0]! < 500, `${method} ${path}: ${statuses}`);
  }
});
