import assert from "node:assert/strict";
import fc from "fast-check";
import { readSettings } from "../../config.ts";
import { createTokenBuckets } from "../../runtime/token_buckets.ts";

const { limits: settings } = readSettings({});

/** Limits with a clock of their own, in milliseconds. */
function counting(changes: Partial<typeof settings> = {}, mostRemembered?: number) {
  let time = 0;
  const met: string[] = [];
  const limits = createTokenBuckets({ ...settings, ...changes }, {
    now: () => time,
    onMet: (limit) => met.push(limit),
    ...mostRemembered && { mostRemembered },
  });
  return { limits, met, pass: (milliseconds: number) => time += milliseconds };
}

Deno.test("a budget holds some seconds' worth, refuses when empty, says for how long, refills", () => {
  const { limits, met, pass } = counting({ sessions: 2 });
  for (let i = 0; i < 20; i++) assert.equal(limits.take("sessions", "a"), 0);
  assert.equal(limits.take("sessions", "a"), 1);
  assert.equal(limits.take("sessions", "b"), 0, "somebody else's is another");
  assert.equal(limits.take("failures", "a"), 0, "and so is another budget");
  pass(500);
  assert.equal(limits.take("sessions", "a"), 0);
  assert.ok(limits.take("sessions", "a"));
  assert.deepEqual(met, ["sessions", "sessions"]);
});

Deno.test("what is taken at once may be more than there is: then nothing until it is paid for", () => {
  const { limits, pass } = counting({ telemetry: 100 });
  assert.equal(limits.take("telemetry", "a", 100 * 60 + 1000), 0);
  assert.equal(limits.take("telemetry", "a", 1), 10);
  pass(10_001);
  assert.equal(limits.take("telemetry", "a", 1), 0);
});

Deno.test("`off` is no limit", () => {
  const { limits } = counting({ requests: Infinity, connections: Infinity });
  for (let i = 0; i < 100_000; i++) assert.equal(limits.take("requests", "a"), 0);
  for (let i = 0; i < 10_000; i++) assert.ok(limits.hold("relays", "a"));
});

Deno.test("over any time nobody gets more than the rate and one budget's worth", () => {
  const tries = fc.array(fc.record({ wait: fc.nat(2000), amount: fc.nat(50) }), { maxLength: 200 });
  fc.assert(fc.property(tries, (list) => {
    const { limits, pass } = counting({ sessions: 3 });
    let [taken, time, largest] = [0, 0, 0];
    for (const { wait, amount } of list) {
      pass(wait);
      time += wait;
      if (limits.take("sessions", "a", amount) === 0) taken += amount;
      largest = Math.max(largest, amount);
    }
    assert.ok(taken <= 3 * time / 1000 + 30 + largest);
  }));
});

Deno.test("whoever comes, so many are remembered and no more; the busy one is not forgotten", () => {
  const { limits } = counting({ sessions: 1 }, 100);
  for (let i = 0; i < 11; i++) limits.take("sessions", "busy");
  for (let i = 0; i < 10_000; i++) {
    limits.take("sessions", crypto.randomUUID());
    assert.ok(limits.take("sessions", "busy"), "still refused");
  }
});

Deno.test("places are given back once", () => {
  const { limits } = counting({ connections: 4 });
  const first = limits.hold("relays", "a")!;
  assert.ok(limits.hold("relays", "a"));
  assert.equal(limits.hold("relays", "a"), null);
  first();
  first();
  assert.ok(limits.hold("relays", "a"));
  assert.equal(limits.hold("relays", "a"), null);
});
