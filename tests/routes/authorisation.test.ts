import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { deriveKeys } from "../../auth/keys.ts";
import { signOperatorToken } from "../../auth/operator.ts";
import { appKey, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

const session = crypto.randomUUID();
const guarded = [
  "/rooms",
  `/rooms/${session}`,
  `/rooms/${session}/events`,
  `/rooms/${session}/occupants`,
  `/rooms/${session}/state`,
  "/users",
  `/users/${session}`,
  `/users/${session}/events`,
  "/events",
  "/rejected",
  "/stats/now",
  "/stats/rooms",
];

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
    "the session key": await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h")
      .sign(api.keys.session),
    "the application's key": await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime(
      "1h",
    )
      .sign(new TextEncoder().encode(appKey)),
    "a client's credential": await api.credential(session),
    "no end": await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(api.keys.operator),
    "an unknown scope": await new SignJWT({ scope: "everything" }).setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h").sign(api.keys.operator),
    "another algorithm": await new SignJWT(claims).setProtectedHeader({ alg: "HS512" }).setExpirationTime(
      "1h",
    )
      .sign(api.keys.operator),
    "nonsense": "nonsense",
  };
  for (const [what, token] of Object.entries(tokens)) {
    const response = await api.request("/rooms", { headers: { authorization: `Bearer ${token}` } });
    await assertProblem(response, "unauthorized").catch((error) => assert.fail(`${what}: ${error.message}`));
  }
  for (const path of guarded) {
    const response = await api.app.request(path);
    assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/, path);
    await assertProblem(response, "unauthorized");
    const answered = await api.request(path);
    assert.ok([200, 404].includes(answered.status), `${path} with a token: ${answered.status}`);
    await answered.body?.cancel();
  }
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
