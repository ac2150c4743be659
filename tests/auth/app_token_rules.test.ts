import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { type AppTokenRules, BadAppToken, verifyAppToken } from "../../auth/app_token.ts";

const text = new TextEncoder();
const [key, older] = ["the key of the application around it", "the key that it had before this one"];
const rules: AppTokenRules = {
  keys: [text.encode(key), text.encode(older)],
  audiences: ["https://talky.test"],
  audienceRequired: false,
};
const now = () => Math.floor(Date.now() / 1000);
const inAnHour = () => now() + 3600;

function sign(claims: Record<string, unknown>, signer = key, alg = "HS256"): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(text.encode(signer));
}

Deno.test("an application's token says who its user is, signed with any of its keys", async () => {
  for (const signer of [key!, older!]) {
    const token = await sign({ sub: "ada", exp: inAnHour(), displayName: "Ada", role: 7 }, signer);
    assert.deepEqual(await verifyAppToken(rules, token), {
      subject: "ada",
      customerData: { displayName: "Ada", role: 7 },
      displayName: "Ada",
      orgId: undefined,
    });
  }
});

Deno.test("a token is for us, for a time that is soon over, and has begun", async () => {
  const good = { sub: "ada", exp: inAnHour() };
  const accepted: Record<string, Record<string, unknown>> = {
    "no audience": good,
    "us": { ...good, aud: "https://talky.test" },
    "us among others": { ...good, aud: ["https://other.test", "https://talky.test"] },
    "begun": { ...good, nbf: now() - 10 },
    "31 days": { ...good, exp: now() + 31 * 86_400 },
  };
  for (const [what, claims] of Object.entries(accepted)) {
    assert.equal((await verifyAppToken(rules, await sign(claims))).subject, "ada", what);
  }
  const refused: Record<string, [Record<string, unknown>, RegExp]> = {
    "no end": [{ sub: "ada" }, /exp/],
    "an end that is no number": [{ ...good, exp: "tomorrow" }, /exp/],
    "an end beyond reason": [{ ...good, exp: now() + 32 * 86_400 }, /31 days/],
    "the year 9999": [{ ...good, exp: 253_402_300_799 }, /31 days/],
    "over": [{ ...good, exp: now() - 60 }, /expired/],
    "not begun": [{ ...good, nbf: now() + 600 }, /nbf/],
    "a beginning that is no number": [{ ...good, nbf: "now" }, /nbf/],
    "for others": [{ ...good, aud: "https://other.test" }, /aud.*https:\/\/talky\.test/],
    "for several others": [{ ...good, aud: ["a", "b"] }, /aud/],
    "for nobody": [{ ...good, aud: [] }, /aud/],
    "for us in part": [{ ...good, aud: "https://talky.test.evil.test" }, /aud/],
    "an audience that is no name": [{ ...good, aud: 5 }, /aud/],
  };
  for (const [what, [claims, reason]] of Object.entries(refused)) {
    await assert.rejects(verifyAppToken(rules, await sign(claims)), (error: Error) => {
      assert.ok(error instanceof BadAppToken, `${what}: ${error.stack}`);
      assert.match(error.message, reason, what);
      return true;
    });
  }
});

Deno.test("where the audience is required, a token without one is refused", async () => {
  const strict = { ...rules, audiences: ["talky"], audienceRequired: true };
  await assert.rejects(verifyAppToken(strict, await sign({ sub: "ada", exp: inAnHour() })), /no aud/);
  assert.ok(await verifyAppToken(strict, await sign({ sub: "ada", exp: inAnHour(), aud: "talky" })));
});

Deno.test("no other key, no other algorithm, no signature", async () => {
  const claims = { sub: "ada", exp: inAnHour() };
  const good = await sign(claims);
  for (
    const token of [
      await sign(claims, "another key of more than 32 bytes, a"),
      await sign(claims, key, "HS512"),
      `${btoa('{"alg":"none"}').replaceAll("=", "")}.${good.split(".")[1]}.`,
      good.slice(0, -2),
      "nonsense",
    ]
  ) await assert.rejects(verifyAppToken(rules, token), BadAppToken);
});
