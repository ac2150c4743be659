import assert from "node:assert/strict";
import fc from "fast-check";
import { type ApiKey, apiKeyId, hashToken, makeApiKey, sameHash } from "../../auth/api_key.ts";
import { createOperatorAuthenticator } from "../../auth/authenticate.ts";
import { deriveKeys } from "../../auth/keys.ts";
import { parseDuration } from "../../auth/lifetime.ts";
import { signOperatorToken } from "../../auth/operator.ts";
import { eventTypes } from "../../events/event.ts";
import { isWithin, type View } from "../../events/view.ts";

const keys = await deriveKeys("a secret that is more than 32 bytes long");
const hour = 3_600_000;

/** A table of keys, a clock, and how often the table was asked. */
async function table(cacheSize?: number) {
  const { id, token, hash } = await makeApiKey();
  const rows = new Map<string, ApiKey>([
    [id, { id, hash, scope: "manage", view: { rooms: ["daily"] }, expires: Date.now() + hour }],
  ]);
  const state = { now: Date.now(), asked: 0 };
  const find = (wanted: string) => {
    state.asked++;
    return Promise.resolve(rows.get(wanted) ?? null);
  };
  const authenticator = createOperatorAuthenticator(keys, {
    now: () => state.now,
    ...cacheSize !== undefined && { cacheSize },
  });
  return { id, token, rows, state, find, authenticator };
}

Deno.test("a key has an id and 190 random bits; a hash of it is the same for nothing else", async () => {
  const made = await Promise.all(Array.from({ length: 1000 }, makeApiKey));
  assert.equal(new Set(made.map(({ token }) => token)).size, 1000);
  for (const { id, token, hash } of made) {
    assert.equal(apiKeyId(token), id);
    assert.match(token, /^tk_[A-Za-z0-9]{12}_[A-Za-z0-9]{32}$/);
    assert.match(hash, /^[0-9a-f]{64}$/);
  }
  const [one, other] = made as [typeof made[0], typeof made[0]];
  assert.ok(sameHash(await hashToken(one.token), one.hash));
  assert.ok(
    !sameHash(one.hash, other.hash) && !sameHash(one.hash, one.hash.slice(1)) && !sameHash("", one.hash),
  );
});

Deno.test("only the key itself is the key: no part of it, no other secret under its id", async () => {
  const { id, token, find, authenticator } = await table();
  assert.deepEqual(
    { ...await authenticator.operator(token, find), expires: 0 },
    { scope: "manage", view: { rooms: ["daily"] }, key: id, by: "key", expires: 0 },
  );
  const others = [
    ...[`tk_${id}`, `tk_${id}_`, token.slice(0, -1), `${token}0`, token.slice(3), token.toUpperCase(), ""],
    ...Array.from(
      token,
      (character, i) => token.slice(0, i) + (character === "A" ? "B" : "A") + token.slice(i + 1),
    ),
    (await makeApiKey()).token,
    `${token}\n`,
  ];
  for (const other of others) assert.equal(await authenticator.operator(other, find), null, other);
});

Deno.test("what was read of a key holds for two seconds; a revoked one is refused after", async () => {
  const { id, token, rows, state, find, authenticator } = await table();
  const signed = await signOperatorToken(keys, "read", 600, { key: id, view: { rooms: ["daily"] } });
  const both = () => Promise.all([token, signed].map((one) => authenticator.operator(one, find)));
  for (let i = 0; i < 100; i++) assert.ok((await both()).every((operator) => operator !== null));
  assert.ok(state.asked <= 2, `${state.asked} questions for 200 requests`);
  rows.delete(id);
  state.now += 2001;
  assert.deepEqual(await both(), [null, null]);

  // A hint makes it at once; so does a key that comes back.
  const again = await table();
  assert.ok(await again.authenticator.operator(again.token, again.find));
  again.rows.delete(again.id);
  again.authenticator.forget(again.id);
  assert.equal(await again.authenticator.operator(again.token, again.find), null);
});

Deno.test("a key ends with its time, though it is remembered", async () => {
  const { token, state, find, authenticator } = await table();
  assert.ok(await authenticator.operator(token, find));
  state.now += hour + 1;
  assert.equal(await authenticator.operator(token, find), null);
});

Deno.test("a signed token does no more than its key", async () => {
  const { id, find, authenticator } = await table();
  const signed = (scope: "read" | "manage" | "admin", view: View, key: string | null = id) =>
    signOperatorToken(keys, scope, 600, { key, view }).then((token) => authenticator.operator(token, find));
  assert.ok(await signed("read", { rooms: ["daily"], types: ["message_sent"] }));
  assert.ok(await signed("manage", { rooms: ["daily"] }));
  assert.equal(await signed("admin", { rooms: ["daily"] }), null, "a larger scope");
  assert.equal(await signed("read", {}), null, "all rooms");
  assert.equal(await signed("read", { rooms: ["daily", "other"] }), null, "another room");
  assert.equal(await signed("read", { rooms: ["daily"] }, "nobody"), null, "of no key");
  assert.ok(await signed("admin", {}, null), "from before there were keys");
});

Deno.test("made-up keys take a bounded place, and a database that fails is not remembered", async () => {
  const { token, state, find, authenticator } = await table(10);
  for (let i = 0; i < 500; i++) {
    assert.equal(await authenticator.operator((await makeApiKey()).token, find), null);
  }
  state.asked = 0;
  const made = (await makeApiKey()).token;
  for (let i = 0; i < 5; i++) await authenticator.operator(made, find);
  assert.equal(state.asked, 1, "one that is not there is asked for once");
  await assert.rejects(authenticator.operator(token, () => Promise.reject(new Error("away"))));
  assert.ok(await authenticator.operator(token, find));
});

Deno.test("a view is within another when it shows nothing that the other does not", () => {
  const view = fc.record({
    rooms: fc.uniqueArray(fc.constantFrom("a", "b", "c")),
    types: fc.uniqueArray(fc.constantFrom(...eventTypes.slice(0, 3))),
  }, { requiredKeys: [] }) as fc.Arbitrary<View>;
  const shown = ({ rooms, types }: View) =>
    ["a", "b", "c", "d"].flatMap((room) =>
      eventTypes.slice(0, 4).filter((type) =>
        (!rooms || rooms.includes(room)) && (!types || types.includes(type))
      ).map((type) => `${room} ${type}`)
    );
  fc.assert(fc.property(view, view, (inner, outer) => {
    if (!isWithin(inner, outer)) return;
    const all = shown(outer);
    assert.ok(shown(inner).every((pair) => all.includes(pair)));
  }));
  assert.ok(isWithin({ rooms: ["a"] }, {}) && isWithin({ rooms: ["a"] }, { rooms: ["b", "a"] }));
  assert.ok(!isWithin({}, { rooms: ["a"] }) && !isWithin({ rooms: ["a"] }, { types: ["message_sent"] }));
});

Deno.test("durations", () => {
  assert.deepEqual(["1s", "90m", "2h", "30d"].map(parseDuration), [
    1000,
    5_400_000,
    7_200_000,
    2_592_000_000,
  ]);
  for (const text of ["", "0d", "-1d", "1", "d", "1.5h", "1w", " 1d", "1d ", "01d"]) {
    assert.equal(parseDuration(text), null, text);
  }
});
