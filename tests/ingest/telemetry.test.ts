import assert from "node:assert/strict";
import fc from "fast-check";
import { deepest } from "../../events/nesting.ts";
import { readTelemetry, textOf } from "../../ingest/telemetry.ts";

const actor = crypto.randomUUID();
const room = crypto.randomUUID();
const presence = { sessions: new Map([[room, new Set([actor])]]) };
const read = (item: unknown) => readTelemetry([item], actor, presence, { now: Date.now() });

/** Arrays or objects within each other, so many. */
function nested(depth: number, key?: string): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = key === undefined ? [value] : { [key]: value };
  return value;
}

Deno.test("nesting enters the log up to its bound, and nothing deeper, in whatever clothes", () => {
  const depths = fc.oneof(fc.integer({ min: 0, max: 80 }), fc.constantFrom(1000, 16_000, 100_000));
  fc.assert(
    fc.property(depths, fc.constantFrom(undefined, "a"), fc.boolean(), (depth, key, asText) => {
      // The item and its data are two.
      const data = { x: nested(depth, key) };
      if (asText && depth > 1000) return;
      const { events, rejections, refusals } = read({
        room_id: room,
        data: asText ? JSON.stringify(data) : data,
      });
      const fits = depth + (asText ? 1 : 2) <= deepest;
      assert.equal(events.length, fits ? 1 : 0, `${depth} ${asText}`);
      if (fits) return;
      assert.equal(rejections[0]!.code, "nested_too_deep");
      assert.ok(JSON.parse(refusals[0]!.record), "what is kept can be read");
    }),
    { numRuns: 200 },
  );
});

Deno.test("an item far too deep is no failure of ours, wherever it stands", () => {
  for (const item of [nested(200_000), { data: nested(200_000) }, { type: nested(200_000, "x") }]) {
    assert.equal(read(item).rejections[0]!.code, "nested_too_deep");
    assert.ok(textOf(item).length < 2000);
  }
});
