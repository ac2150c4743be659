import assert from "node:assert/strict";
import { testProsody } from "../harness/prosody.ts";
import { shell, withShell } from "../harness/prosodyctl.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";

/**
 * A folder of Lua's binary modules, without those that force files to disk, as the environment variable that
 * makes Lua 5.4 look there and nowhere else.
 */
async function withoutSync(folder: string): Promise<string> {
  const script = `for path in $(lua5.4 -e 'print(package.cpath)' | tr ';' '\\n' | sed -n 's,/?[.]so$,,p'); do
    [ -d "$path" ] && for each in "$path"/*; do
      case $each in */luv.so | */posix*) ;; *) ln -sf "$each" "$1" ;; esac
    done
  done; true`;
  const { success } = await new Deno.Command("sh", { args: ["-c", script, "sh", folder] }).output();
  assert.ok(success);
  return `${folder}/?.so`;
}

prosodyTest("without a library that syncs, Prosody says once what a power cut costs", async (release) => {
  const folder = await Deno.makeTempDir();
  const said = async (dataDir: string) => {
    const log = await Deno.readTextFile(`${dataDir}/prosody/prosody.log`);
    return log.match(/warn\t.*power cut.*/g) ?? [];
  };
  try {
    Deno.env.set("LUA_CPATH_5_4", await withoutSync(folder));
    await using without = await testProsody(withShell, release);
    await shell(without, ["module", "reload", "talky_outbox"], release);
    assert.equal((await said(without.dataDir)).length, 1);
    Deno.env.delete("LUA_CPATH_5_4");
    await using prosody = await testProsody(withShell, release);
    assert.deepEqual(await said(prosody.dataDir), []);
    // Nor does the library make Prosody complain.
    assert.doesNotMatch(
      await Deno.readTextFile(`${prosody.dataDir}/prosody/prosody.log`),
      /\t(warn|error)\t|traceback/,
    );
  } finally {
    Deno.env.delete("LUA_CPATH_5_4");
    await Deno.remove(folder, { recursive: true });
  }
});
