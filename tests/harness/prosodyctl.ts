/**
 * A Prosody that an operator can talk to, and what the operator types.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { modulesDir } from "../../local/prosody_layout.ts";
import type { ProsodyConfigOptions } from "../../prosody/config.ts";
import type { TestProsody } from "./prosody.ts";
import { installedRelease, type ProsodyRelease } from "./prosody_releases.ts";

/** What of the configuration lets `prosodyctl shell` in. */
export const withShell: Partial<ProsodyConfigOptions> = {
  moreModules: { folder: modulesDir, rooms: ["admin_shell"] },
};

/** Runs a command in `prosodyctl shell`; fails when it does. Returns what it says. */
export async function shell(
  prosody: TestProsody,
  words: readonly string[],
  release: ProsodyRelease = installedRelease,
): Promise<string> {
  const program = join(dirname(release.program ?? "/usr/bin/prosody"), "prosodyctl");
  const config = `${prosody.dataDir}/prosody/prosody.cfg.lua`;
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: ["--root", "--config", config, "shell", ...words],
    stdin: "null",
  }).output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert.ok(success, said);
  return said;
}
