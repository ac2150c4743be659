/**
 * `deno task prosody:config:generate` and `prosody:config:install`: the configuration of the Prosody that
 * the system runs, from the current settings. (`deno task start` configures a Prosody of its own.)
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { deriveKeys } from "../auth/keys.ts";
import { loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";
import { secretsOf } from "../local/secret.ts";
import { checkProsodyConfig, installFile } from "../local/prosody_install.ts";
import { findLayout, modulesDir, systemConfig, unreadableFolder } from "../local/prosody_layout.ts";

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      args: Deno.args,
      allowPositionals: true,
      options: { source: { type: "string" }, to: { type: "string" } },
    });
    return { ...values, task: positionals[0] };
  } catch (error) {
    throw new Failure(`${(error as Error).message} (takes --to FILE and --source NAME)`);
  }
}

if (import.meta.main) {
  await runTask(async () => {
    const { task, to, source } = readArguments();
    const settings = loadSettings();
    const layout = await findLayout();
    const text = systemConfig(settings, await deriveKeys(await secretsOf(settings)), layout, source);

    if (task === "generate") {
      const path = resolve(to ?? "prosody.cfg.lua");
      const checked = await checkProsodyConfig(text);
      await Deno.writeTextFile(path, text, { mode: 0o600 });
      console.log(`wrote ${path}${checked ? ", checked by prosodyctl" : ""}`);
    } else if (task === "install") {
      const path = to ?? layout.config;
      const { backup, checked } = await installFile(path, text);
      if (backup) console.log(`what was there is in ${backup}`);
      console.log(`wrote ${path}${checked ? ", checked by prosodyctl" : ""}: now restart Prosody`);
    } else throw new Failure("takes generate or install");

    const closed = await unreadableFolder(modulesDir);
    if (closed) {
      console.warn(`talky: Prosody's user may not enter ${closed}: move this project, as to /opt/talky`);
    }
  });
}
