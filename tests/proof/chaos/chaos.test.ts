import assert from "node:assert/strict";
import { chaos, isWell } from "../../../proof/chaos/chaos.ts";
import { faultKinds } from "../../../proof/chaos/faults.ts";
import { setStage } from "../../../proof/chaos/stage.ts";
import { tableOf } from "../../../proof/chaos/table.ts";

Deno.test("every kind of fault once, under load: nothing is lost, doubled or out of order, and every reader has it all", async () => {
  await using stage = await setStage(console.error);
  const options = { minutes: 5, faults: faultKinds.length, rooms: 6, people: 4, readers: 8, seed: "once" };
  const report = await chaos(stage, options, { say: console.error });
  assert.deepEqual(report.faults.map(({ kind }) => kind).sort(), [...faultKinds].sort());
  assert.ok(report.verdict.expected > 500, tableOf(report));
  assert.equal(report.readers.length, 8);
  assert.ok(isWell(report), tableOf(report));
});
