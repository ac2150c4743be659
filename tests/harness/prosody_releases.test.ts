import assert from "node:assert/strict";
import { testProsody } from "./prosody.ts";
import { prosodyTest } from "./prosody_releases.ts";

prosodyTest("the harness: a release of Prosody runs, and complains of nothing", async (release) => {
  await using prosody = await testProsody({}, release);
  const log = await Deno.readTextFile(`${prosody.dataDir}/prosody/prosody.log`);
  assert.ok(log.includes(`Prosody version ${release.name}.`), log);
  assert.deepEqual(log.match(/.*\t(warn|error)\t.*/g), null);
});
