import assert from "node:assert/strict";
import { chaos, isWell } from "../../../proof/chaos/chaos.ts";
import { faultKinds } from "../../../proof/chaos/faults.ts";
import { setStage } from "../../../proof/chaos/stage.ts";
import { tableOf } from "../../../proof/chaos/table.ts";

/** In full with TALKY_TEST_LONG: then each lasts as long as its kind does. */
const isShort = !Deno.env.get("TALKY_TEST_LONG");

Deno.test("every kind of fault once, under load: nothing is lost, doubled or out of order", async () => {
  await using stage = await setStage(console.error);
  const faults = faultKinds.length;
  const load = { rooms: 6, people: 4, readers: 8 };
  const options = { minutes: 10, faults, ...load, seed: "once", ...isShort && { longest: 4 } };
  const report = await chaos(stage, options, { say: console.error });
  assert.deepEqual(report.faults.map(({ kind }) => kind).sort(), [...faultKinds].sort());
  assert.ok(report.verdict.expected > 500, tableOf(report));
  assert.equal(report.readers.length, 8);
  assert.ok(isWell(report), tableOf(report));
});
