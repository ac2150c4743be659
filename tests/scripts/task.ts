/**
 * Runs a task's script the way `deno task` does, in a folder of its own.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { settingNames } from "../../config.ts";

/** What came of a task. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command of a task in `deno.json`, with settings and nothing of the developer's own. */
export function spawnTask(
  name: string,
  args: readonly string[],
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  const tasks: Record<string, { command: string }> = JSON.parse(Deno.readTextFileSync(configFile)).tasks;
  const [, ...words] = tasks[name]!.command.split(" ");
  const command = words.map((word) => word.endsWith(".ts") ? fileURLToPath(new URL(word, root)) : word);
  const none = Object.fromEntries(settingNames.map((setting) => [setting, ""]));
  return new Deno.Command(Deno.execPath(), {
    args: [command[0]!, `--config=${configFile}`, ...command.slice(1), ...args],
    cwd: folder,
    env: { ...none, ...settings, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a task to its end. */
export async function runTask(...task: Parameters<typeof spawnTask>): Promise<Outcome> {
  const { code, stdout, stderr } = await spawnTask(...task).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

// ---

const root = new URL("../../", import.meta.url);
const configFile = fileURLToPath(new URL("deno.json", root));
