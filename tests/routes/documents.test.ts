import assert from "node:assert/strict";
import specs from "@asyncapi/specs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { SignJWT } from "jose";
import { eventTypes } from "../../events/event.ts";
import { ada, at, bob, daily, makeCall } from "./a_call.ts";
import { type Api, appKey, testApi } from "./api.ts";
import { type Example, webhookExamples } from "./webhook_examples.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** ajv's formats are CommonJS; its types do not say so. */
const withFormats = addFormats as unknown as (ajv: Ajv | Ajv2020) => void;

Deno.test("/openapi.json is valid by OpenAPI's own schema", async () => {
  await using api = await testApi();
  const { valid, errors } = await new Validator().validate(await api.get("/openapi.json"));
  assert.ok(valid, JSON.stringify(errors));
});

Deno.test("/asyncapi.json is valid by AsyncAPI's own schema", async () => {
  await using api = await testApi();
  // It brings its own copy of JSON Schema's draft 7.
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
  const validate = ajv.compile((specs as Json).schemas["3.0.0"]);
  assert.ok(validate(await api.get("/asyncapi.json")), JSON.stringify(validate.errors));
});

Deno.test("every operation answers as /openapi.json says", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const document = await api.get("/openapi.json");
  const ajv = new Ajv2020({ strict: false });
  withFormats(ajv);
  ajv.addSchema(document, "openapi");

  const calls = await examples(api);
  const described = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`)
  );
  assert.deepEqual(Object.keys(calls).sort(), described.sort(), "there is an example of each operation");

  for (const [operation, requests] of Object.entries(calls)) {
    const [method, template] = operation.split(" ") as [string, string];
    for (const { path, status, ...init } of requests) {
      const response = await api.request(path, { method: method.toUpperCase(), ...init });
      const text = await response.text();
      assert.equal(response.status, status, `${operation} ${path}: ${text}`);
      if (status === 204) {
        assert.equal(text, "");
        continue;
      }
      const type = response.headers.get("content-type")!.split(";")[0]!;
      const pointer = ["paths", template, method, "responses", status, "content", type, "schema"]
        .map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1")).map(encodeURIComponent).join(
          "/",
        );
      const validate = ajv.compile({ $ref: `openapi#/${pointer}` });
      const body = type.endsWith("json") && type !== "application/x-ndjson" ? JSON.parse(text) : text;
      assert.ok(validate(body), `${operation} ${path}: ${JSON.stringify(validate.errors)} in ${text}`);
    }
  }
});

Deno.test("frames of the stream are as /asyncapi.json says", async () => {
  await using api = await testApi({ hub: { heartbeatEvery: 50 } });
  const document = await api.get("/asyncapi.json");
  const ajv = new Ajv({ strict: false });
  withFormats(ajv);
  const schemas = Object.fromEntries(
    Object.entries<Json>(document.channels.stream.messages).map((
      [name, { payload }],
    ) => [name, ajv.compile(payload)]),
  );
  const token = await api.operatorToken("read", 3);
  const address = `${(await api.serve()).replace("http", "ws")}/stream?after=0&access_token=${token}`;
  const socket = new WebSocket(address, "talky.events.v1");
  const closed = new Promise((resolve) => socket.onclose = resolve);
  const missing = new Set(["ready", "events", "heartbeat", "expiring"]);
  await new Promise<void>((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      const validate = schemas[frame.type];
      if (!validate?.(frame)) reject(new Error(`${data}: ${JSON.stringify(validate?.errors)}`));
      missing.delete(frame.type);
      if (missing.size === 0) resolve();
    };
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}, without ${[...missing]}`));
    socket.onopen = () => void makeCall(api.sql);
  }).finally(() => {
    socket.onclose = null;
    socket.close();
  });
  await Promise.race([closed, new Promise((resolve) => socket.addEventListener("close", resolve))]);
});

Deno.test("/schemas has the payload of each of the eighteen types, and the log fits them", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const ajv = new Ajv2020({ strict: false });
  withFormats(ajv);
  const schemas = new Map<string, ReturnType<Ajv2020["compile"]>>();
  for (const type of eventTypes) schemas.set(type, ajv.compile(await api.get(`/schemas/${type}.json`)));
  const { items } = await api.get("/events?limit=1000");
  assert.ok(items.length > 0);
  for (const { type, data } of items) assert.ok(schemas.get(type)!(data), `${type}: ${JSON.stringify(data)}`);
});

// ---

/** Requests for every operation: one that succeeds, and where there is one, one that is refused. */
async function examples(api: Api): Promise<Record<string, Example[]>> {
  return {
    ...await clientExamples(api),
    ...readingExamples(),
    ...await keyExamples(api),
    ...await webhookExamples(api),
    ...await holdExamples(api),
  };
}

async function holdExamples(api: Api): Promise<Record<string, Example[]>> {
  const manager = { headers: { authorization: `Bearer ${await api.operatorToken("manage")}` } };
  const path = "/holds/case-1";
  return {
    "put /holds/{name}": [
      { path, status: 200, body: json({ reason: "a court asked" }), ...manager },
      { path, status: 400, body: json({}), ...manager },
      { path, status: 403, body: json({ reason: "x" }) },
    ],
    "get /holds": [{ path: "/holds?limit=1", status: 200, ...manager }, { path: "/holds", status: 403 }],
    "delete /holds/{name}": [
      { path, status: 204, ...manager },
      { path: "/holds/none", status: 404, ...manager },
    ],
  };
}

const json = (value: unknown) => JSON.stringify(value);
const nowhere = crypto.randomUUID();
const anonymous = { headers: { authorization: "Bearer x" } };

async function clientExamples(api: Api): Promise<Record<string, Example[]>> {
  const session = { headers: { authorization: `Bearer ${await api.credential(ada)}` } };
  const token = await new SignJWT({ displayName: "Ada" }).setProtectedHeader({ alg: "HS256" }).setSubject(
    "ada",
  )
    .setExpirationTime("1h").sign(new TextEncoder().encode(appKey));
  return {
    "get /healthz": [{ path: "/healthz", status: 200 }],
    "get /readyz": [{ path: "/readyz", status: 200 }],
    "get /metrics": [{ path: "/metrics", status: 404 }],
    "get /stream": [
      { path: "/stream", status: 426 },
      { path: "/stream?after=x", status: 400, headers: { accept: "text/event-stream" } },
    ],
    "post /config/guest": [
      { path: "/config/guest", status: 200, body: "{}" },
      { path: "/config/guest", status: 400, body: "{" },
      { path: "/config/guest", status: 401, body: json({ token: "x" }) },
    ],
    "post /config/user": [
      { path: "/config/user", status: 200, body: json({ token }) },
      { path: "/config/user", status: 401, body: json({ token: "x" }) },
    ],
    "post /rooms/config": [
      { path: "/rooms/config", status: 200, body: json({ name: "Daily" }), ...session },
      { path: "/rooms/config", status: 400, body: json({ name: " " }), ...session },
      { path: "/rooms/config", status: 401, body: json({ name: "daily" }), ...anonymous },
    ],
    "post /telemetry": [
      {
        path: "/telemetry",
        status: 202,
        body: json({ batch: [{ room_id: daily, data: {} }, {}] }),
        ...session,
      },
      { path: "/telemetry", status: 400, body: json({}), ...session },
      { path: "/telemetry", status: 401, body: json({ batch: [] }), ...anonymous },
    ],
  };
}

function list(path: string): Example[] {
  return [
    { path: `${path}?limit=1`, status: 200 },
    { path: `${path}?limit=none`, status: 400 },
    { path, status: 401, ...anonymous },
  ];
}

function readingExamples(): Record<string, Example[]> {
  return {
    "get /rooms": list("/rooms"),
    "get /rooms/{id}": [
      { path: `/rooms/${daily}`, status: 200 },
      { path: `/rooms/${nowhere}`, status: 404 },
      { path: "/rooms/daily", status: 400 },
    ],
    "get /rooms/{id}/occupants": [...list(`/rooms/${daily}/occupants`), {
      path: `/rooms/${nowhere}/occupants`,
      status: 404,
    }],
    "get /rooms/{id}/events": [...list(`/rooms/${daily}/events`), {
      path: `/rooms/${nowhere}/events`,
      status: 404,
    }],
    "get /rooms/{id}/state": [
      { path: `/rooms/${daily}/state?at=${at(5)}`, status: 200 },
      { path: `/rooms/${daily}/state?at=noon`, status: 400 },
      { path: `/rooms/${nowhere}/state`, status: 404 },
    ],
    ...qualityExamples(),
    "get /users": list("/users"),
    "get /users/{sessionid}": [
      { path: `/users/${ada}`, status: 200 },
      { path: `/users/${nowhere}`, status: 404 },
    ],
    "get /users/{sessionid}/events": [...list(`/users/${ada}/events`), {
      path: `/users/${nowhere}/events`,
      status: 404,
    }],
    "get /events": [
      ...list("/events"),
      { path: "/events", status: 200, headers: { accept: "text/csv" } },
      { path: "/events", status: 200, headers: { accept: "application/x-ndjson" } },
    ],
    "get /rejected": list("/rejected"),
    "get /stats/now": [{ path: "/stats/now", status: 200 }, {
      path: "/stats/now",
      status: 401,
      ...anonymous,
    }],
    "get /stats/rooms": [
      { path: `/stats/rooms?from=${at(0)}&to=2026-01-03T00:00:00Z&bucket=day`, status: 200 },
      { path: `/stats/rooms?from=${at(1)}&to=${at(0)}`, status: 400 },
    ],
  };
}

function qualityExamples(): Record<string, Example[]> {
  return {
    "get /rooms/{id}/why": [
      { path: `/rooms/${daily}/why?speaker=${ada}&hearer=${bob}&at=${at(5)}`, status: 200 },
      { path: `/rooms/${daily}/why?speaker=${ada}&hearer=${nowhere}&media=screen&upto=9`, status: 200 },
      { path: `/rooms/${daily}/why?speaker=${ada}&hearer=${ada}`, status: 400 },
      { path: `/rooms/${daily}/why?speaker=${ada}&hearer=${bob}&at=${at(5)}&upto=9`, status: 400 },
      { path: `/rooms/${nowhere}/why?speaker=${ada}&hearer=${bob}`, status: 404 },
    ],
    "get /rooms/{id}/matrix": [
      { path: `/rooms/${daily}/matrix?at=${at(6)}`, status: 200 },
      { path: `/rooms/${daily}/matrix?media=smell`, status: 400 },
      { path: `/rooms/${nowhere}/matrix`, status: 404 },
    ],
    "get /rooms/{id}/quality": [
      { path: `/rooms/${daily}/quality`, status: 200 },
      { path: `/rooms/${daily}/quality?from=${at(5)}&to=${at(4)}`, status: 400 },
      { path: `/rooms/${nowhere}/quality`, status: 404 },
    ],
    "get /rooms/{id}/issues": [
      ...list(`/rooms/${daily}/issues`),
      {
        path: `/rooms/${daily}/issues?from=${at(0)}&to=${at(60)}&kind=no_path,loss&active=true`,
        status: 200,
      },
      { path: `/rooms/${nowhere}/issues`, status: 404 },
    ],
    "get /issues": [
      ...list("/issues"),
      { path: `/issues?from=${at(0)}&to=${at(600)}&person=${ada}`, status: 200 },
      { path: "/issues?kind=bad_mood", status: 400 },
    ],
    "get /incidents": [
      { path: "/incidents", status: 200 },
      { path: `/incidents?from=${at(5)}&to=${at(5)}`, status: 400 },
    ],
    "get /rooms/{id}/attendance": [
      { path: `/rooms/${daily}/attendance`, status: 200 },
      { path: `/rooms/${daily}/attendance`, status: 200, headers: { accept: "text/csv" } },
      { path: `/rooms/${nowhere}/attendance`, status: 404 },
    ],
    "get /search": [
      { path: "/search?q=daily", status: 200 },
      { path: `/search?q=${ada}&at=${at(5)}&limit=3`, status: 200 },
      { path: "/search", status: 400 },
    ],
  };
}

async function keyExamples(api: Api): Promise<Record<string, Example[]>> {
  const admin = { headers: { authorization: `Bearer ${(await api.apiKey({ scope: "admin" })).token}` } };
  const spent = await api.apiKey();
  return {
    "post /tokens": [
      { path: "/tokens", status: 201, body: json({ name: "n", rooms: ["Daily"], expires: "1h" }), ...admin },
      { path: "/tokens", status: 201, body: json({ name: "n", types: ["message_sent"] }), ...admin },
      { path: "/tokens", status: 400, body: json({ name: "n", expires: "999999d" }), ...admin },
      { path: "/tokens", status: 403, body: json({ name: "n" }) },
      { path: "/tokens", status: 401, body: json({ name: "n" }), ...anonymous },
    ],
    "get /tokens": [
      { path: "/tokens?limit=1", status: 200, ...admin },
      { path: "/tokens?cursor=x", status: 400, ...admin },
      { path: "/tokens", status: 403 },
    ],
    "delete /tokens/{id}": [
      { path: `/tokens/${spent.id}`, status: 204, ...admin },
      { path: "/tokens/nobody", status: 404, ...admin },
      { path: `/tokens/${spent.id}`, status: 403 },
    ],
    "post /tokens/session": [
      { path: "/tokens/session", status: 201, body: "{}" },
      { path: "/tokens/session", status: 201, body: json({ rooms: [daily], types: ["message_sent"] }) },
      { path: "/tokens/session", status: 400, body: json({ expires: "2h" }) },
      { path: "/tokens/session", status: 403, body: json({ scope: "admin" }) },
    ],
    "post /tickets": [{ path: "/tickets", status: 201 }, { path: "/tickets", status: 401, ...anonymous }],
    "get /schemas/{file}": [
      { path: "/schemas/room_created.json", status: 200 },
      { path: "/schemas/measurement.json", status: 200 },
      { path: "/schemas/nothing.json", status: 400 },
    ],
  };
}
