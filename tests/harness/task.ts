/**
 * Running a task to its end, as a person does.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** What came of it. */
export interface TaskOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a file of `scripts/` with settings. It is ended when it takes longer than a minute. */
export async function runScript(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<TaskOutcome> {
  const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const output = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-all", `--config=${inProject("deno.json")}`],
      ...[inProject(`scripts/${file}`), ...args],
    ],
    // Not in the project's folder, whose .env is the developer's.
    cwd: "/",
    env,
    signal: AbortSignal.timeout(60_000),
  }).output();
  const text = new TextDecoder();
  return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
}
