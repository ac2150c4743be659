import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { deriveKeys } from "../../auth/keys.ts";
import { signCredential, signIngestCredential } from "../../auth/credential.ts";
import { type Scope, scopes, signOperatorToken } from "../../auth/operator.ts";
import { type Api, appKey, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

const session = crypto.randomUUID();

/** What anyone may call. A new operation that is not on this list has to have a guard. */
const open = [
  "get /healthz",
  "get /readyz",
  "get /metrics",
  "get /schemas/{file}",
  "post /config/guest",
  "post /config/user",
];

Deno.test("every operation of /openapi.json takes the tokens it says, and no other", async () => {
  await using api = await testApi();
  const { paths } = await api.get("/openapi.json");
  const operator = (scope: Scope, lifetime?: number) => api.operatorToken(scope, lifetime);
  const credential = await api.credential(session);
  const strangers = {
    "nothing": undefined,
    "nonsense": "nonsense",
    "an expired token": await operator("admin", -60),
    "an expired credential": await signCredential(api.keys, { sessionid: session, userid: "a@b" }, -60),
    "the API's own credential": await signIngestCredential(api.keys, "talky-ingest@users.talky.test", 60),
  };
  const seen: string[] = [];
  for (const [path, method, { security }] of operationsOf(paths)) {
    const operation = `${method} ${path}`;
    const ask = (token: string | undefined) => send(api, { path, method, token });
    if (!security) {
      seen.push(operation);
      assert.ok(![401, 403].includes(await ask(undefined)), `${operation} is open`);
      continue;
    }
    const [[scheme, [needed] = []]] = Object.entries(security[0]!) as [[string, Scope[]]];
    const refused: Record<string, string | undefined> = { ...strangers };
    if (scheme === "operator") refused["a session's credential"] = credential;
    else for (const scope of scopes) refused[`an operator's token with ${scope}`] = await operator(scope);
    for (const [what, token] of Object.entries(refused)) {
      assert.equal(await ask(token), 401, `${operation} with ${what}`);
    }
    if (scheme === "session") {
      assert.ok(![401, 403].includes(await ask(credential)), `${operation} with a credential`);
      continue;
    }
    assert.ok(needed && scopes.includes(needed), `${operation} names the scope it needs`);
    for (const scope of scopes) {
      const status = await ask(await operator(scope));
      if (scopes.indexOf(scope) < scopes.indexOf(needed)) assert.equal(status, 403, `${operation}: ${scope}`);
      else assert.ok(![401, 403].includes(status), `${operation} with ${scope}: ${status}`);
    }
  }
  assert.deepEqual(seen.sort(), open.toSorted());
});

Deno.test("an operator's endpoints take an operator's current token, and no other", async () => {
  await using api = await testApi();
  const claims = { scope: "admin" };
  const [header, payload, signature] = api.token.split(".") as [string, string, string];
  const encode = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, "");
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  const tokens: Record<string, string> = {
    "expired": await api.operatorToken("admin", -1),
    "altered claims": `${header}.${encode({ scope: "admin", exp: inAnHour })}.${signature}`,
    "altered signature": `${header}.${payload}.${signature.replace(/^./, (c) => c === "A" ? "B" : "A")}`,
    "no signature": `${header}.${payload}.`,
    "alg none": `${encode({ alg: "none" })}.${encode({ ...claims, exp: inAnHour })}.`,
    "another secret": await signOperatorToken(
      await deriveKeys("another secret of more than 32 bytes"),
      "admin",
      60,
    ),
    "the session key": await signOperatorToken({ ...api.keys, operator: api.keys.session }, "admin", 3600),
    "the application's key": await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime(
      "1h",
    )
      .sign(new TextEncoder().encode(appKey)),
    "a client's credential": await api.credential(session),
    "no end": await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(api.keys.operator[0]),
    "an unknown scope": await new SignJWT({ scope: "everything" }).setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h").sign(api.keys.operator[0]),
    "another algorithm": await new SignJWT(claims).setProtectedHeader({ alg: "HS512" }).setExpirationTime(
      "1h",
    )
      .sign(api.keys.operator[0]),
    "nonsense": "nonsense",
  };
  for (const [what, token] of Object.entries(tokens)) {
    const response = await api.request("/rooms", { headers: { authorization: `Bearer ${token}` } });
    await assertProblem(response, "unauthorized").catch((error) => assert.fail(`${what}: ${error.message}`));
  }
  const response = await api.app.request("/rooms");
  assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/);
  await assertProblem(response, "unauthorized");
});

Deno.test("every scope of an operator reads; the token may come in the query", async () => {
  await using api = await testApi();
  for (const scope of ["read", "manage", "admin"] as const) {
    const token = await api.operatorToken(scope);
    for (const path of ["/rooms", "/users", "/events", "/rejected", "/stats/rooms"]) {
      const response = await api.app.request(`${path}?access_token=${token}`);
      assert.equal(response.status, 200, `${path} with ${scope}`);
      await response.body?.cancel();
    }
  }
});

Deno.test("a client's endpoints take a client's credential, and no operator's token", async () => {
  await using api = await testApi();
  for (const [path, body] of [["/rooms/config", { name: "daily" }], ["/telemetry", { batch: [] }]] as const) {
    const ask = (token?: string) =>
      api.app.request(path, {
        method: "POST",
        body: JSON.stringify(body),
        ...(token && { headers: { authorization: `Bearer ${token}` } }),
      });
    await assertProblem(await ask(), "unauthorized");
    await assertProblem(await ask(await api.operatorToken("admin")), "unauthorized");
    await assertProblem(await ask(`${await api.credential(session)}x`), "unauthorized");
    const answer = await ask(await api.credential(session));
    assert.ok(answer.ok, path);
    await answer.body?.cancel();
  }
});

// ---

interface Operation {
  readonly security?: readonly Record<string, readonly string[]>[];
}

function operationsOf(paths: Record<string, Record<string, Operation>>): [string, string, Operation][] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map((
      [method, operation],
    ): [string, string, Operation] => [path, method, operation])
  );
}

/** The status of an operation asked with a token; its parameters are made up. */
async function send(
  api: Api,
  { path, method, token }: { path: string; method: string; token: string | undefined },
): Promise<number> {
  const response = await api.app.request(path.replaceAll(/\{\w+\}/g, session), {
    method: method.toUpperCase(),
    ...method !== "get" && { body: "{}" },
    ...token !== undefined && { headers: { authorization: `Bearer ${token}` } },
  });
  await response.body?.cancel();
  return response.status;
}
