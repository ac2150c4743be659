import assert from "node:assert/strict";
import { chaos } from "../../../proof/chaos/chaos.ts";
import { faultKinds } from "../../../proof/chaos/faults.ts";
import { setStage } from "../../../proof/chaos/stage.ts";
import { tableOf } from "../../../proof/chaos/table.ts";
import { holds } from "../../../proof/chaos/verdict.ts";

Deno.test("every kind of fault once, under load: nothing is lost, doubled or out of order", async () => {
  await using stage = await setStage(console.error);
  const options = { minutes: 5, faults: faultKinds.length, rooms: 6, people: 4, seed: "once" };
  const report = await chaos(stage, options, { say: console.error });
  assert.deepEqual(report.faults.map(({ kind }) => kind).sort(), [...faultKinds].sort());
  assert.ok(report.verdict.expected > 500, tableOf(report));
  assert.ok(holds(report.verdict), tableOf(report));
});
