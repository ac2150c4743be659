import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { type AppTokenRules, BadAppToken, verifyAppToken } from "../../auth/app_token.ts";

const appKey = "the key of the application around it";
const bytes = (text: string) => new TextEncoder().encode(text);
const encode = (value: unknown) =>
  btoa(typeof value === "string" ? value : JSON.stringify(value)).replace(/=+$/, "").replaceAll("+", "-")
    .replaceAll(
      "/",
      "_",
    );
const rules: AppTokenRules = {
  keys: [new TextEncoder().encode(appKey)],
  audiences: ["https://talky.test"],
  audienceRequired: false,
};
const now = () => Math.floor(Date.now() / 1000);

function sign(claims: Record<string, unknown>, { alg = "HS256", key = appKey } = {}): Promise<string> {
  return new SignJWT({ exp: now() + 3600, ...claims }).setProtectedHeader({ alg }).sign(bytes(key));
}

/** Signed as it should be, whatever the parts are. */
async function signParts(header: unknown, payload: unknown): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`;
  const key = await crypto.subtle.importKey("raw", bytes(appKey), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const mac = await crypto.subtle.sign("HMAC", key, bytes(input));
  return `${input}.${encode(String.fromCharCode(...new Uint8Array(mac)))}`;
}

Deno.test("clocks may differ by seconds: nbf and iat ahead, exp behind", async () => {
  for (
    const claims of [{ nbf: now() + 2 }, { nbf: now() + 20 }, { iat: now() + 20 }, { exp: now() - 2 }, {
      exp: now() - 20,
    }]
  ) {
    const { subject } = await verifyAppToken(rules, await sign({ sub: "ada", ...claims }));
    assert.equal(subject, "ada", JSON.stringify(claims));
  }
});

Deno.test("each fault of a token is told in its own words", async () => {
  const hs256 = { alg: "HS256" };
  const faults: [string, RegExp][] = [
    [await sign({ exp: now() - 3600 }), /expired: `exp` is 3\d{3} s ago/],
    [await sign({ nbf: now() + 3600 }), /not valid yet: `nbf` is 3\d{3} s ahead/],
    [await signParts(hs256, { exp: now() + 60, nbf: "soon" }), /`nbf` is wrong/],
    [await signParts(hs256, { exp: "2030-01-01" }), /`exp` is wrong/],
    [await signParts(hs256, { exp: now() + 60, iat: "x" }), /`iat` is wrong/],
    [await sign({}, { key: "another key" }), /another key/],
    [await sign({}, { alg: "HS512" }), /"HS512"; it takes HS256/],
    [`${encode({ alg: "none" })}.${encode({})}.`, /"none"; it takes HS256/],
    [await signParts({ alg: "HS256", crit: ["x"], x: 1 }, {}), /`crit`/],
    [await signParts(hs256, []), /payload is not a JSON object/],
    [await signParts(hs256, "no JSON"), /payload is not a JSON object/],
    [await signParts({}, {}), /not a signed JWT/],
    ["nonsense", /not a signed JWT/],
    ["a.b.c", /not a signed JWT/],
    ["a.b.c.d.e", /not a signed JWT/],
    ["", /not a signed JWT/],
    [await sign({ sub: "" }), /claims/],
    [await sign({ note: "x".repeat(17_000) }), /bytes of JSON/],
  ];
  for (const [token, words] of faults) {
    await assert.rejects(verifyAppToken(rules, token), (error: Error) => {
      assert.ok(error instanceof BadAppToken, `${error}`);
      assert.match(error.message, words, token.slice(0, 80));
      return true;
    });
  }
});
