import assert from "node:assert/strict";
import { signOperatorToken } from "../../auth/operator.ts";
import { publicUrl, testApi } from "./api.ts";

Deno.test("a cookie is taken from our own pages only: Origin and Host are the public URL's", async () => {
  await using api = await testApi();
  const cookie = `talky_token=${await signOperatorToken(api.keys, "read", 60)}`;
  const ask = async (headers: Record<string, string>, method = "GET", path = "/events") => {
    const response = await api.app.request(path, { method, headers: { cookie, ...headers } });
    await response.body?.cancel();
    return response.status;
  };
  const host = new URL(publicUrl).host;
  assert.equal(await ask({ host }), 200, "a page of ours, by a plain GET");
  assert.equal(await ask({ host, origin: publicUrl }), 200);
  assert.equal(await ask({ host, "sec-fetch-site": "same-origin" }), 200);
  assert.equal(await ask({ host, origin: publicUrl }, "POST", "/tickets"), 201);
  const refused: Record<string, Record<string, string>> = {
    "another page": { host, origin: "https://evil.test" },
    "a page without an origin": { host, origin: "null" },
    "our name without TLS": { host, origin: publicUrl.replace("https", "http") },
    "our name on another port": { host, origin: `${publicUrl}:8443` },
    "a name that ends like ours": { host, origin: `https://x${host}` },
    "a name that begins like ours": { host, origin: `${publicUrl}.evil.test` },
    "a name that leads here": { host: "evil.test" },
    "a page under that name": { host: "evil.test", origin: "https://evil.test" },
    "another site": { host, "sec-fetch-site": "cross-site" },
    "a neighbour's site": { host, "sec-fetch-site": "same-site" },
  };
  for (const [what, headers] of Object.entries(refused)) assert.equal(await ask(headers), 401, what);
  assert.equal(await ask({ host }, "POST", "/tickets"), 401, "a POST that does not say where it comes from");
});

Deno.test("a cookie-authorised WebSocket of another page, or of none, is refused before it is one", async () => {
  const url = "http://localhost:8001";
  await using api = await testApi({ dependencies: { publicUrl: url } });
  const cookie = `talky_token=${await signOperatorToken(api.keys, "read", 60)}`;
  const { hostname, port } = new URL(await api.serve());
  // By hand, for clients write Host themselves. Gives the status of the answer.
  const open = async (headers: Record<string, string>) => {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const lines = Object.entries({
      ...{ host: "localhost:8001", cookie, upgrade: "websocket", connection: "Upgrade" },
      ...{ "sec-websocket-version": "13", "sec-websocket-key": btoa("0123456789abcdef"), ...headers },
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `GET /stream?after=0 HTTP/1.1\r\n${lines.join("")}\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(4096);
    const count = await connection.read(buffer) ?? 0;
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(new TextDecoder().decode(buffer.subarray(0, count)))?.[1]);
  };
  assert.equal(await open({ origin: url }), 101);
  assert.equal(
    await open({ origin: "http://127.0.0.1:8001", host: "127.0.0.1:8001" }),
    101,
    "the same machine",
  );
  for (
    const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:8002" },
      { origin: url, host: "rebound.example" },
      { origin: "http://rebound.example", host: "rebound.example" },
      {},
    ]
  ) assert.equal(await open(headers as Record<string, string>), 401, JSON.stringify(headers));
});
