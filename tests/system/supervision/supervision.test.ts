import assert from "node:assert/strict";
import { chaos } from "../../../proof/chaos/chaos.ts";
import { supervisedKinds } from "../../../proof/chaos/faults.ts";
import { startSupervised } from "../../../proof/chaos/supervised.ts";
import { tableOf } from "../../../proof/chaos/table.ts";
import { holds } from "../../../proof/chaos/verdict.ts";

/** How often each; twenty times in full. */
const times = Deno.env.get("TALKY_TEST_LONG") ? 20 : 1;

Deno.test("what start brought up dies, hangs and spins: it comes back, and nothing is lost", async () => {
  await using stage = await startSupervised();
  const faults = times * supervisedKinds.length;
  const report = await chaos(stage, {
    ...{ minutes: faults * 2, faults, kinds: supervisedKinds, rooms: 3, people: 3, seed: "by-itself" },
  }, { say: console.error });
  assert.equal(report.faults.length, faults);
  assert.ok(report.verdict.expected > 100, tableOf(report));
  assert.ok(holds(report.verdict), tableOf(report));
  console.error(tableOf(report));
  const [start] = stage.apis;
  assert.equal((await start.readiness())?.status, 200);
  const said = await start.lastLines(10_000);
  for (const name of ["PostgreSQL", "Prosody"]) {
    for (const what of ["has died; starting it again", "runs and does not answer; replacing it", "is back"]) {
      assert.ok(said.includes(`talky: ${name} ${what}`), `${name} ${what}`);
    }
  }
});
