import assert from "node:assert/strict";
import { readEvents } from "../../../client/mod.ts";
import { freePort } from "../../../local/ports.ts";
import { readAsset } from "../../../runtime/deno/files.ts";
import { type Nginx, type PassingOn, startNginx } from "../../harness/nginx.ts";
import { until } from "../../harness/wait.ts";
import { ada } from "../../routes/a_call.ts";
import { type Api, testApi } from "../../routes/api.ts";
import { rooms } from "../../stream/live_log.ts";
import { openEventStream } from "../../stream/web_client.ts";

for (const passingOn of ["without the path", "with the path"] as const) {
  Deno.test(`under a path of nginx, which passes requests on ${passingOn}: every page, document and client`, async () => {
    await using shared = await shareHost(passingOn);
    const { url, api } = shared;

    // Whatever a page or document of ours points to is there.
    const seen = await crawl([url, `${url}/`, `${url}/demo`, `${url}/docs`]);
    for (
      const path of [
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "/docs/start.js",
        "/demo/demo.js",
        "/demo/demo.css",
        "/readyz",
        "/openapi.json",
        "/asyncapi.json",
      ]
    ) {
      assert.equal(seen.get(`${url}${path}`), 200, `${path} is pointed to, and there: ${[...seen.keys()]}`);
    }
    assert.deepEqual([...seen].filter(([, status]) => status !== 200), []);
    const start = await (await fetch(`${url}/docs/start.js`)).text();
    assert.ok(start.includes('"/talky/openapi.json"'), start);

    const headers = { authorization: `Bearer ${api.token}` };
    await documentsSayWhereTheyAre(url, headers);
    await clientsAreToldWhereThingsAre(url);
    await cookieOpensTheStream(shared);
    await clientReadsOn(shared);

    // Nothing that is not there seems to be: the path is taken off once.
    assert.equal((await fetch(`${url}/talkyrooms`, { headers }).then(drained)).status, 404);
    assert.equal((await fetch(`${url}s/rooms`, { headers }).then(drained)).status, 404);
  });
}

Deno.test("a client with a wrong path says so once, after some 404, and goes on trying", async () => {
  await using shared = await shareHost("without the path");
  const stop = new AbortController();
  const troubles: string[] = [];
  let away = 0;
  const reading = (async () => {
    const options = {
      url: shared.url.replace("/talky", ""),
      token: shared.api.token,
      signal: stop.signal,
      onTrouble: (message: string) => troubles.push(message),
      onConnection: (connected: boolean) => connected || away++,
    };
    for await (const _event of readEvents(options)) assert.fail("there is nothing");
  })();
  await until("it says so", () => troubles.length > 0, { timeout: 30_000 });
  assert.match(troubles[0]!, /\/stream is not found \(404\)/);
  const said = away;
  await until("it tries again", () => away > said, { timeout: 30_000 });
  assert.equal(troubles.length, 1);
  stop.abort();
  await reading;
});

// ---

interface SharedHost extends AsyncDisposable {
  readonly url: string;
  readonly api: Api;
}

/** A service under `/talky` of an nginx. */
async function shareHost(passingOn: PassingOn): Promise<SharedHost> {
  await using parts = new AsyncDisposableStack();
  const port = freePort();
  const url = `http://127.0.0.1:${port}/talky`;
  const page = await Deno.readTextFile("web/demo/index.html");
  const api = parts.use(
    await testApi({
      events: 5,
      dependencies: {
        publicUrl: url,
        asset: readAsset,
        demo: (file) => Promise.resolve(new TextEncoder().encode(file === "index.html" ? page : "")),
        metrics: {
          middleware: (_c, next) => next(),
          render: () => Promise.resolve({ text: "", contentType: "text/plain" }),
        },
      },
    }),
  );
  const nginx: Nginx = await startNginx({
    path: "/talky",
    to: Number(new URL(await api.serve()).port),
    passingOn,
    port,
  });
  parts.use(nginx);
  const all = parts.move();
  return { url, api, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function documentsSayWhereTheyAre(url: string, headers: HeadersInit): Promise<void> {
  const document = await (await fetch(`${url}/openapi.json`)).json();
  assert.deepEqual(document.servers, [{ url }]);
  assert.ok(document.paths["/rooms"]);
  assert.equal((await fetch(`${document.servers[0].url}/rooms`, { headers }).then(drained)).status, 200);
  const { servers: { api: server } } = await (await fetch(`${url}/asyncapi.json`)).json();
  assert.deepEqual([server.host, server.pathname], [new URL(url).host, "/talky"]);
  const schema = await (await fetch(`${url}/schemas/room_created.json`)).json();
  assert.equal((await fetch(schema.$id).then(drained)).status, 200);
}

async function clientsAreToldWhereThingsAre(url: string): Promise<void> {
  const config = await (await fetch(`${url}/config/guest`, { method: "POST", body: "{}" })).json();
  const authorization = `Bearer ${config.credential}`;
  const room = await fetch(config.roomConfigUrl, {
    method: "POST",
    body: '{"name":"a"}',
    headers: { authorization },
  });
  assert.equal((await room.json()).roomAddress, "a@rooms.talky.test");
  const telemetry = await fetch(config.telemetryUrl, {
    method: "POST",
    body: '{"batch":[]}',
    headers: { authorization },
  });
  assert.equal((await drained(telemetry)).status, 202);
}

/** It is the page's, and is sent nowhere else. */
async function cookieOpensTheStream({ url, api }: SharedHost): Promise<void> {
  await api.sql`
    insert into occupants (room_id, sessionid, userid, joined)
    values (${rooms[0]}, ${ada}, 'ada@guests.talky.test', now())`;
  const page = await fetch(`${url}/demo/events`, {
    method: "POST",
    body: JSON.stringify({ room_id: rooms[0] }),
    headers: { authorization: `Bearer ${await api.credential(ada)}` },
  });
  const cookie = page.headers.get("set-cookie") ?? "";
  assert.match(cookie, /; Path=\/talky\/stream;/);
  await using events = await openEventStream(url, "after=0", { cookie: cookie.split(";")[0]! });
  const ofTheRoom = await api.ids({ rooms: [rooms[0]] });
  await until("the room's history comes", () => events.ids().length === ofTheRoom.length);
}

async function clientReadsOn({ url, api }: SharedHost): Promise<void> {
  const stop = new AbortController();
  const read: number[] = [];
  const reading = (async () => {
    for await (const { id } of readEvents({ url, token: api.token, after: 0, signal: stop.signal })) {
      read.push(id);
    }
  })();
  await until("the client has the history", () => read.length === 5);
  await api.append(3);
  await until("and what comes", () => read.length === 8);
  stop.abort();
  await reading;
}

/** Follows what pages point to, within the host. Returns each address with its status. */
async function crawl(pages: readonly string[]): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  const waiting = [...pages];
  for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
    if (seen.has(address)) continue;
    const response = await fetch(address);
    seen.set(address, response.status);
    const text = await response.text();
    if (!response.headers.get("content-type")?.startsWith("text/html")) continue;
    const base = new URL(/<base href="([^"]+)"/.exec(text)?.[1] ?? "", address);
    for (const [, target] of text.matchAll(/<(?:a|link|script)\b[^>]*\b(?:href|src)="([^"]+)"/g)) {
      const found = new URL(target!, base);
      if (found.protocol !== "data:") waiting.push(found.href);
    }
  }
  return seen;
}

async function drained(response: Response): Promise<Response> {
  await response.body?.cancel();
  return response;
}
