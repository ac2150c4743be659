import assert from "node:assert/strict";
import { deriveKeys } from "../../auth/keys.ts";
import { verifyOperatorToken } from "../../auth/operator.ts";
import { runTask } from "./task.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const secret = "a secret that is only good for tests, 1234";

Deno.test("prints a token with the scope and the lifetime asked for, and nothing else", async () => {
  await using folder = await temporaryFolder();
  const args = ["--scope", "manage", "--expires", "2h"];
  const { code, stdout, stderr } = await runTask("token", args, folder.path, { TALKY_SECRET: secret });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const operator = await verifyOperatorToken(await deriveKeys(secret), stdout.trimEnd());
  assert.equal(operator?.scope, "manage");
  const seconds = (operator!.expires - Date.now()) / 1000;
  assert(seconds > 7100 && seconds <= 7200, `${seconds} s`);
});

Deno.test("reads for 30 days by default, with the secret that development keeps", async () => {
  await using folder = await temporaryFolder();
  const tokens = [await runTask("token", [], folder.path), await runTask("token", [], folder.path)];
  const kept = `${folder.path}/.data/secret`;
  assert.equal((await Deno.stat(kept)).mode! & 0o777, 0o600);
  const keys = await deriveKeys((await Deno.readTextFile(kept)).trim());
  for (const { stdout } of tokens) {
    const operator = await verifyOperatorToken(keys, stdout.trimEnd());
    assert.equal(operator?.scope, "read");
    assert.equal(Math.round((operator!.expires - Date.now()) / 86_400_000), 30);
  }
});

Deno.test("says what is right when the arguments are wrong", async () => {
  await using folder = await temporaryFolder();
  const cases = [
    {
      args: ["--scope", "root"],
      expected: /^talky: --scope is wrong: got "root"; it takes read, manage, admin\n$/,
    },
    { args: ["--expires", "soon"], expected: /^talky: --expires is wrong: got "soon"; it takes .*30d\n$/ },
    { args: ["--expires", "0d"], expected: /--expires is wrong/ },
    { args: ["--expire", "1d"], expected: /^talky: .*--expires 30d\)\n$/ },
  ];
  for (const { args, expected } of cases) {
    const { code, stdout, stderr } = await runTask("token", args, folder.path, { TALKY_SECRET: secret });
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, args.join(" "));
    assert.match(stderr, expected);
  }
});
