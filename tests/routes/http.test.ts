import assert from "node:assert/strict";
import { connect } from "../../db/connect.ts";
import { testDatabase } from "../harness/database.ts";
import { problems } from "../../routes/problem.ts";
import { version } from "../../routes/version.ts";
import { testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

Deno.test("paths that are not there", async () => {
  await using api = await testApi();
  for (const path of ["/nothing", "/rooms/", "/events/1", "/favicon.ico", "/../etc/passwd"]) {
    await assertProblem(await api.request(path), "not_found");
  }
});

Deno.test("any origin may ask, and read what it is answered, errors too", async () => {
  await using api = await testApi();
  const origin = "https://elsewhere.test";
  const preflight = await api.app.request("/telemetry", {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,idempotency-key",
    },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.match(preflight.headers.get("access-control-allow-methods")!, /POST/);
  for (const name of ["authorization", "content-type", "idempotency-key"]) {
    assert.ok(preflight.headers.get("access-control-allow-headers")!.split(",").includes(name), name);
  }
  for (const path of ["/rooms", "/nothing", "/rooms?limit=0", "/healthz"]) {
    const response = await api.request(path, { headers: { origin } });
    assert.equal(response.headers.get("access-control-allow-origin"), "*", path);
    await response.body?.cancel();
  }
});

Deno.test("every answer tells browsers to guess no content type", async () => {
  await using api = await testApi();
  for (const path of ["/", "/rooms", "/nothing", "/openapi.json"]) {
    const response = await api.request(path);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
    await response.body?.cancel();
  }
});

Deno.test("ready when every check is, and it says which is not", async () => {
  let ok = true;
  await using api = await testApi({
    dependencies: { checks: () => Promise.resolve({ database: { ok: true }, prosody: { ok } }) },
  });
  assert.deepEqual(await api.get("/healthz"), { status: "ok", version });
  assert.equal((await api.get("/readyz")).status, "ready");
  ok = false;
  const response = await api.request("/readyz");
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {
    status: "unready",
    checks: { database: { ok: true }, prosody: { ok: false } },
  });
});

Deno.test("without the database: 503, when to try again, and no word of SQL", async () => {
  const away = connect("postgres://nobody@127.0.0.1:1/nothing");
  await using api = await testApi({ dependencies: { database: () => away } });
  for (const path of ["/rooms", "/events", "/users"]) {
    const response = await api.request(path);
    assert.ok(Number(response.headers.get("retry-after")) > 0);
    await assertProblem(response, "unavailable");
  }
  await away.end();
});

Deno.test("a statement that takes too long, or waits too long for a lock: 503, and when to retry", async () => {
  await using database = await testDatabase();
  for (const [setting, code] of [["statement_timeout", "57014"], ["lock_timeout", "55P03"]]) {
    const hasty = connect(`${database.url}?options=-c%20${setting}%3D100`);
    await using _hasty = { [Symbol.asyncDispose]: () => hasty.end() };
    await using api = await testApi({ dependencies: { database: () => hasty } });
    await database.sql.begin(async (tx) => {
      await tx`lock table rooms in access exclusive mode`;
      await assert.rejects(hasty`select 1 from rooms`, { code });
      const response = await api.request("/rooms");
      assert.ok(Number(response.headers.get("retry-after")) > 0);
      await assertProblem(response, "unavailable");
    });
  }
});

Deno.test("/openapi.json is OpenAPI 3.1 and describes every path that is served", async () => {
  await using api = await testApi();
  const document = await api.get("/openapi.json");
  assert.match(document.openapi, /^3\.1\./);
  const described = new Set<string>();
  for (
    const [path, operations] of Object.entries<Record<string, { responses: object; summary?: string }>>(
      document.paths,
    )
  ) {
    for (const [method, { responses, summary }] of Object.entries(operations)) {
      described.add(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`);
      assert.ok(summary, `${path} has a summary`);
      assert.ok(Object.keys(responses).length > 0);
    }
  }
  // What people look at, and the documents themselves, are no part of the API they describe.
  const pages = /^GET \/(docs.*|openapi\.json|asyncapi\.json|console.*|demo.*|assets.*)?$/;
  const served = api.app.routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !route.includes("*") && !pages.test(route));
  assert.deepEqual([...new Set(served)].filter((route) => !described.has(route)), []);
});

Deno.test("every reference in /openapi.json leads somewhere, and every error is a described problem", async () => {
  await using api = await testApi();
  const document = await api.get("/openapi.json");
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
  assert.ok(references.length > 0);
  for (const reference of references) {
    const target = reference.split("/").reduce<unknown>(
      (at, key) => (at as Record<string, unknown>)?.[key],
      document,
    );
    assert.ok(target, reference);
  }
  const codes = document.components.schemas.Problem.properties.code.enum;
  assert.deepEqual(codes, Object.keys(problems));
});

Deno.test("a path that is known with other methods says which", async () => {
  await using api = await testApi();
  for (
    const [method, path, allow] of [["POST", "/rooms", "GET, HEAD"], ["GET", "/telemetry", "POST"], [
      "DELETE",
      `/rooms/${crypto.randomUUID()}`,
      "GET, HEAD",
    ]]
  ) {
    const response = await api.request(path!, { method: method! });
    assert.equal(response.status, 405, `${method} ${path}`);
    assert.equal(response.headers.get("allow"), allow);
    assert.equal((await response.json()).code, "method_not_allowed");
  }
});

Deno.test("the version is that of deno.json, everywhere", async () => {
  await using api = await testApi();
  const config = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const told = [
    (await api.get("/healthz")).version,
    (await api.get("/openapi.json")).info.version,
    (await api.get("/asyncapi.json")).info.version,
  ];
  assert.deepEqual(told, Array(3).fill(config.version));
});

Deno.test("every answer has an X-Request-Id: that of the request, if it looks like one", async () => {
  await using api = await testApi({
    dependencies: { database: () => connect("postgres://nobody@127.0.0.1:9/x") },
  });
  const answered = async (path: string, id?: string) =>
    (await api.request(path, { headers: { ...id && { "x-request-id": id } } })).headers.get("x-request-id");
  for (const path of ["/healthz", "/nothing", "/rooms", "/rooms?limit=0", "/openapi.json"]) {
    assert.equal(await answered(path, "from-the-proxy_1"), "from-the-proxy_1", path);
    for (const id of [undefined, "a b", "<script>", "x".repeat(101)]) {
      assert.match(await answered(path, id) ?? "", /^[0-9a-f-]{36}$/, `${path}: ${id}`);
    }
  }
});
