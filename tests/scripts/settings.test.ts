import assert from "node:assert/strict";
import { runTask } from "./task.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("a wrong setting ends every task with code 2 and a line that names it", async () => {
  await using folder = await temporaryFolder();
  for (const task of ["start", "serve", "migrate", "token"]) {
    const { code, stdout, stderr } = await runTask(task, [], folder.path, {
      PORT: "eighty",
      LOG_LEVEL: "loud",
    });
    assert.equal(code, 2, task);
    assert.equal(stdout, "");
    const lines = stderr.trim().split("\n");
    assert.match(lines[0]!, /^talky: PORT is wrong: got "eighty"/);
    assert.match(lines[1]!, /^talky: LOG_LEVEL is wrong: got "loud"; must be debug, info, warning or error$/);
    assert.equal(lines.length, 2);
  }
});

Deno.test("a secret is not shown in an error", async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await runTask("token", [], folder.path, { TALKY_SECRET: "hunter2" });
  assert.equal(code, 2);
  assert.match(stderr, /TALKY_SECRET/);
  assert.doesNotMatch(stderr, /hunter2/);
});

Deno.test("settings come from .env, and the environment wins", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/.env`, "PORT=one\nLOG_LEVEL='loud' # too loud\n");
  const { stderr } = await runTask("token", [], folder.path, { PORT: "two" });
  assert.match(stderr, /got "two"/);
});

Deno.test("production does not start on development's defaults", async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await runTask("start", [], folder.path, { TALKY_ENV: "production" });
  assert.equal(code, 2);
  for (const name of ["TALKY_SECRET", "DATABASE_URL", "TALKY_XMPP_URL"]) {
    assert.match(stderr, new RegExp(name));
  }
});
