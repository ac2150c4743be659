import assert from "node:assert/strict";
import { judge, waitAfter } from "../../webhooks/outcome.ts";

Deno.test("only a whole 2xx is success, and only 410 the end", () => {
  for (let status = 100; status < 600; status++) {
    const expected = status >= 200 && status < 300 ? "delivered" : status === 410 ? "disabled" : "failed";
    assert.equal(judge({ status }), expected, String(status));
    if (status !== 410) assert.equal(judge({ status, error: "the answer broke off" }), "failed");
  }
  assert.equal(judge({ status: null, error: "took too long" }), "failed");
});

Deno.test("between attempts lies a random time that grows to a bound, and what Retry-After asks for", () => {
  const patience = { from: 1000, most: 300_000 };
  const now = Date.UTC(2026, 0, 1);
  const waits = (failures: number, status: number | null, retryAfter?: string) =>
    Array.from(
      { length: 2000 },
      () => waitAfter(failures, { status, retryAfter: retryAfter ?? null }, patience, now),
    );
  for (
    const [failures, bound] of [[1, 2000], [2, 4000], [8, 256_000], [9, 300_000], [1e9, 300_000]] as const
  ) {
    const some = waits(failures, 500);
    assert.ok(some.every((wait) => wait >= 0 && wait <= bound));
    // All of the span is used.
    assert.ok(Math.min(...some) < bound * 0.1 && Math.max(...some) > bound * 0.9);
    for (const status of [429, 502, 504]) {
      assert.ok(waits(failures, status).every((wait) => wait >= bound / 2 && wait <= bound));
    }
  }
  for (
    const [text, least] of [
      ["7", 7000],
      [" 120 ", 120_000],
      [new Date(now + 60_000).toUTCString(), 60_000],
      ["999999999", 3_600_000],
      [new Date(now + 9e9).toUTCString(), 3_600_000],
    ] as const
  ) {
    assert.ok(
      waits(1, 429, text).every((wait) => wait === Math.max(wait, least) && wait <= Math.max(least, 2000)),
      text,
    );
  }
  for (const text of ["", "soon", "-5", "1e9", new Date(now - 60_000).toUTCString()]) {
    assert.ok(waits(1, 503, text).every((wait) => wait <= 2000), text);
  }
});
