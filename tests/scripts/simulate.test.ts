import assert from "node:assert/strict";
import { freePort } from "../../local/ports.ts";
import { runTask } from "./task.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("simulate has the permissions it needs, and says in a line that nobody answers", async () => {
  await using folder = await temporaryFolder();
  const url = `http://127.0.0.1:${freePort()}`;
  const args = ["--rooms", "1", "--people", "2", "--url", url];
  const { code, stdout, stderr } = await runTask("simulate", args, folder.path, {
    npm_lifecycle_event: "npx",
  });
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, new RegExp(`talky: the API does not answer at ${url}`));
  assert.doesNotMatch(stderr, /NotCapable|^\s+at /m);
});
