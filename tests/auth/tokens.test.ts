import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { signCredential, signIngestCredential, verifyCredential } from "../../auth/credential.ts";
import { deriveKeys, type KeyRing, sessionKeyTexts } from "../../auth/keys.ts";
import { allows, scopes, signOperatorToken, verifyOperatorToken } from "../../auth/operator.ts";

const keys = await deriveKeys("a secret that is more than 32 bytes long");
const others = await deriveKeys("another secret, also more than 32 bytes");
const session = { sessionid: "3f2504e0-4f89-41d3-9a0c-0305e82c3301", userid: "ada@users.talky.test" };

/** A token with one character changed, at every place in turn. */
function* altered(token: string): Generator<string> {
  for (let i = 0; i < token.length; i += 7) {
    yield token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
  }
}
const encode = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, "").replaceAll("+", "-");
const unsigned = (token: string, alg: string) => `${encode({ alg, typ: "JWT" })}.${token.split(".")[1]}.`;

Deno.test("keys are the same from the same secret, and different for each use and secret", async () => {
  assert.deepEqual(await deriveKeys("a secret that is more than 32 bytes long"), keys);
  const texts = [keys.session, keys.operator, others.session, others.operator].map(([key]) =>
    new TextDecoder().decode(key)
  );
  assert.equal(new Set(texts).size, 4);
  for (const text of texts) assert.match(text, /^[0-9a-f]{64}$/);
  assert.deepEqual(sessionKeyTexts(keys), [texts[0]]);
});

Deno.test("the session key is derived as Prosody's documentation says", async () => {
  const known = await deriveKeys("0123456789abcdef0123456789abcdef");
  const { createHmac } = await import("node:crypto");
  const expected = createHmac("sha256", "0123456789abcdef0123456789abcdef").update("talky session key v1")
    .digest("hex");
  assert.deepEqual(sessionKeyTexts(known), [expected]);
});

Deno.test("a credential stands for its session until it ends", async () => {
  const credential = await signCredential(keys, session, 60);
  assert.deepEqual(await verifyCredential(keys, credential), session);
  assert.equal(await verifyCredential(keys, await signCredential(keys, session, -1)), null);
  assert.equal(await verifyCredential(keys, await signCredential(keys, session, 0)), null);
});

Deno.test("a credential of the longest user name fits into SASL PLAIN", async () => {
  const userid = `${"x".repeat(255)}@guests.${"d".repeat(63)}.${"d".repeat(63)}.test`;
  const credential = await signCredential(keys, { ...session, userid, customerData: true }, 86400);
  assert.ok(credential.length < 1000, String(credential.length));
});

Deno.test("no altered, unsigned or otherwise signed credential is one", async () => {
  const credential = await signCredential(keys, session, 60);
  for (const token of altered(credential)) assert.equal(await verifyCredential(keys, token), null);
  for (const alg of ["none", "None", "HS256"]) {
    assert.equal(await verifyCredential(keys, unsigned(credential, alg)), null);
  }
  assert.equal(await verifyCredential(others, credential), null);
  const claims = { scope: "session", sid: session.sessionid, sub: "ada", aud: "users.talky.test" };
  const signed = (algorithm: string, [key]: KeyRing, more: object) =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: algorithm }).sign(key);
  const exp = Math.floor(Date.now() / 1000) + 60;
  assert.deepEqual(
    await verifyCredential(keys, await signed("HS256", keys.session, { exp })),
    session,
    "as a check",
  );
  const refused = {
    "no end": signed("HS256", keys.session, {}),
    "another algorithm": signed("HS512", keys.session, { exp }),
    "the operators' key": signed("HS256", keys.operator, { exp }),
    "not yet": signed("HS256", keys.session, { exp, nbf: exp - 1 }),
    "another scope": signed("HS256", keys.session, { exp, scope: "ingest" }),
    "no session": signed("HS256", keys.session, { exp, sid: "ada" }),
  };
  for (const [what, token] of Object.entries(refused)) {
    assert.equal(await verifyCredential(keys, await token), null, what);
  }
  for (const nonsense of ["", ".", "..", "a.b.c", "nonsense", credential.slice(0, -1)]) {
    assert.equal(await verifyCredential(keys, nonsense), null, nonsense);
  }
});

Deno.test("the API's own credential for the outbox is no client's", async () => {
  const credential = await signIngestCredential(keys, "talky-ingest@users.talky.test", 60);
  assert.equal(await verifyCredential(keys, credential), null);
  assert.equal(await verifyOperatorToken(keys, credential), null);
});

Deno.test("an operator's token says its scope and its end, and nothing else is one", async () => {
  for (const scope of scopes) {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const operator = await verifyOperatorToken(keys, await signOperatorToken(keys, scope, 60));
    assert.equal(operator?.scope, scope);
    assert.ok(operator.expires >= before + 60_000 && operator.expires <= Date.now() + 60_000);
  }
  const token = await signOperatorToken(keys, "read", 60);
  for (const one of altered(token)) assert.equal(await verifyOperatorToken(keys, one), null);
  for (
    const one of [
      unsigned(token, "none"),
      await signOperatorToken(keys, "admin", -1),
      await signOperatorToken(others, "admin", 60),
      await signCredential(keys, session, 60),
      await new SignJWT({ scope: "admin" }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(
        keys.session[0],
      ),
    ]
  ) assert.equal(await verifyOperatorToken(keys, one), null);
});

Deno.test("a token that is signed without a key lasts for 400 days at most, whatever it says", async () => {
  const days = (count: number) => signOperatorToken(keys, "admin", count * 86_400);
  assert.equal((await verifyOperatorToken(keys, await days(400)))?.scope, "admin");
  for (const count of [401, 999_999]) assert.equal(await verifyOperatorToken(keys, await days(count)), null);
});

Deno.test("of several secrets the first signs, and all verify: one can replace another", async () => {
  const [old, fresh] = [
    "an old secret of more than 32 bytes, worn",
    "a fresh secret of more than 32 bytes, new",
  ];
  const steps = await Promise.all([[old], [old, fresh], [fresh, old], [fresh]].map(deriveKeys));
  const made = await Promise.all(steps.map(async (step) => ({
    credential: await signCredential(step, session, 60),
    token: await signOperatorToken(step, "read", 60),
  })));
  for (const [i, step] of steps.entries()) {
    for (const [j, { credential, token }] of made.entries()) {
      // Signed with the old one at the first two steps; known until the last, and from the second on.
      const known = j < 2 ? i < 3 : i > 0;
      assert.equal(await verifyCredential(step, credential) !== null, known, `credential of ${j} at ${i}`);
      assert.equal(await verifyOperatorToken(step, token) !== null, known, `token of ${j} at ${i}`);
    }
  }
  assert.deepEqual(sessionKeyTexts(steps[2]!), [steps[3]!, steps[0]!].flatMap(sessionKeyTexts));
  await assert.rejects(deriveKeys([]));
});

Deno.test("scopes contain each other", () => {
  assert.deepEqual(
    scopes.map((held) => scopes.map((needed) => allows(held, needed))),
    [[true, false, false], [true, true, false], [true, true, true]],
  );
});
