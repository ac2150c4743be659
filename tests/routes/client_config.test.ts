import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { verifyCredential } from "../../auth/credential.ts";
import { appKey, publicUrl, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

const appToken = (claims: Record<string, unknown>, key = appKey) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(
    new TextEncoder().encode(key),
  );
const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: "POST",
  body: typeof body === "string" ? body : JSON.stringify(body),
  headers,
});

Deno.test("a guest gets an identity of its own, a credential for it, and a row", async () => {
  await using api = await testApi();
  const ask = async () =>
    await (await api.app.request(
      "/config/guest",
      post({ clientVersion: "1.32.0" }, {
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
      }),
    )).json();
  const [one, two] = [await ask(), await ask()];
  const { id, userId, credential, ...rest } = one;
  assert.deepEqual(rest, {
    apiVersion: "1",
    signalingUrl: "wss://talky.test/xmpp-websocket",
    roomConfigUrl: `${publicUrl}/rooms/config`,
    telemetryUrl: `${publicUrl}/telemetry`,
    iceServers: [],
    customerData: {},
    maxStanzaBytes: 262_144,
    orgId: "",
    screensharingExtensions: { chrome: "" },
  });
  assert.match(userId, /^[0-9a-f-]{36}@guests\.talky\.test$/);
  assert.deepEqual(await verifyCredential(api.keys, credential), { sessionid: id, userid: userId });
  assert.ok(credential.length < 1000, "it fits into SASL PLAIN");
  assert.notEqual(one.id, two.id);
  assert.notEqual(one.userId, two.userId);
  const user = await api.get(`/users/${id}`);
  assert.deepEqual([user.userid, user.type, user.browser], [userId, "browser", "Firefox 143.0"]);
});

Deno.test("a registered user is who the application says; the claims travel along", async () => {
  await using api = await testApi();
  const token = await appToken({ sub: "ada", displayName: "Ada", badge: { level: 3 } });
  const config = await (await api.app.request("/config/user", post({ token }))).json();
  assert.equal(config.userId, "ada@users.talky.test");
  assert.equal(config.displayName, "Ada");
  assert.deepEqual(config.customerData, { displayName: "Ada", badge: { level: 3 } });
  assert.equal((await verifyCredential(api.keys, config.credential))?.userid, config.userId);
});

Deno.test("different ids are different users, whatever they are made of", async () => {
  await using api = await testApi();
  const userId = async (sub: string) => {
    const token = await appToken({ sub, displayName: "Ada" });
    const config = await (await api.app.request("/config/user", post({ token }))).json();
    assert.ok(config.credential.length <= 1023, "it fits into SASL PLAIN");
    return config.userId;
  };
  const ids = [
    "ab3xq",
    "Ab3xQ",
    "aB3xq",
    "ａｂ３ｘｑ",
    "ab3xq ",
    "ß",
    "ss",
    "å",
    "a\u030a",
    "a b",
    "a\\20b",
    "\u0000",
  ];
  const users = await Promise.all([...ids, "🚀".repeat(127), "🚀".repeat(126), "A".repeat(255)].map(userId));
  assert.equal(new Set(users).size, users.length);
  assert.equal(users[0], "ab3xq@users.talky.test");
  assert.equal(await userId("ada@example.com"), "ada\\40example.com@users.talky.test");
});

Deno.test("tokens that the application did not sign, and none where one is needed", async () => {
  await using api = await testApi();
  await assertProblem(await api.app.request("/config/user", post({})), "invalid_request");
  for (
    const token of [await appToken({ sub: "ada" }, "another key"), "nonsense", await appToken({}), api.token]
  ) {
    await assertProblem(await api.app.request("/config/user", post({ token })), "token_refused");
  }
  const forged = await appToken({ sub: "ada" }, "another key");
  await assertProblem(await api.app.request("/config/guest", post({ token: forged })), "token_refused");
});

Deno.test("bodies: JSON as text/plain, an empty one, no JSON, too large", async () => {
  await using api = await testApi();
  const status = async (body: string, type: string) => {
    const response = await api.app.request("/config/guest", post(body, { "content-type": type }));
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status('{"clientVersion":"1"}', "text/plain;charset=UTF-8"), 200);
  assert.equal(await status('{"clientVersion":"1"}', "application/json"), 200);
  assert.equal(await status("", "text/plain"), 200);
  await assertProblem(await api.app.request("/config/guest", post("{torn")), "invalid_request");
  await assertProblem(await api.app.request("/config/guest", post("[]")), "invalid_request");
  await assertProblem(await api.app.request("/config/guest", post({ clientVersion: 7 })), "invalid_request");
  await assertProblem(await api.app.request("/config/guest", post({ x: "x".repeat(70_000) })), "too_large");
});

Deno.test("a room's address is its normal form, the same for everybody who means it", async () => {
  await using api = await testApi();
  const authorization = `Bearer ${await api.credential(crypto.randomUUID())}`;
  const ask = (name: unknown) => api.app.request("/rooms/config", post({ name }, { authorization }));
  for (const name of ["daily", "Daily", "DAILY", "ｄａｉｌｙ"]) {
    assert.deepEqual(await (await ask(name)).json(), { roomAddress: "daily@rooms.talky.test" }, name);
  }
  assert.deepEqual(await (await ask("Daily 🚀")).json(), {
    roomAddress: "daily\\20{1f680}@rooms.talky.test",
  });
  const refused: [name: unknown, reason: RegExp][] = [
    ["", /visible/],
    [" ", /visible/],
    ["a\u0000", /U\+0000/],
    ["x".repeat(1024), /at most 1023 bytes/],
    [7, /string/],
  ];
  for (const [name, reason] of refused) {
    assert.match(await assertProblem(await ask(name), "invalid_request"), reason);
  }
});
