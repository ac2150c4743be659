/**
 * Running one test by its name.
 *
 * @module
 */
import { join } from "node:path";
import { findLua } from "../../local/find_program.ts";
import { kill } from "../../local/process.ts";
import { testEnvironment } from "../../local/test_environment.ts";

/** Which test, where. */
export interface TestPlace {
  /** The project's folder. */
  readonly folder: string;
  /** URL of a PostgreSQL for tests. */
  readonly postgres: string;
  readonly test: string;
  /** The beginning of its name. */
  readonly name: string;
}

/** What came of it. `neither`: there is no such test, or it did not get to run. */
export interface Outcome {
  readonly verdict: "passed" | "failed" | "neither";
  readonly output: string;
}

/** Runs it. One that hangs has failed. Nothing that it started outlives it. */
export async function runTest({ folder, postgres, test, name }: TestPlace): Promise<Outcome> {
  // Where the services of tests have their files, and are known by.
  const scratch = join(folder, "tmp");
  await Deno.mkdir(scratch, { mode: 0o711, recursive: true });
  const isLua = test.endsWith(".lua");
  const command = isLua
    ? new Deno.Command(await findLua(), {
      args: ["prosody/spec/run.lua"],
      cwd: folder,
      ...piped,
    })
    : new Deno.Command(Deno.execPath(), {
      // What breaks types is not what the test shows.
      args: ["test", "--allow-all", "--no-check", "--filter", `/^${escape(name)}/`, test],
      cwd: folder,
      clearEnv: true,
      env: { ...testEnvironment(), TALKY_TEST_POSTGRES: postgres, TMPDIR: scratch, NO_COLOR: "1" },
      ...piped,
    });
  const child = command.spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGTERM");
  }, patience);
  const { success, stdout, stderr } = await child.output().finally(() => clearTimeout(timer));
  await endLeftovers(folder);
  await Deno.remove(scratch, { recursive: true });
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (isLua) {
    const failed = late || new RegExp(`^FAILED ${escape(name)}`, "m").test(output);
    return { verdict: failed ? "failed" : success ? "passed" : "neither", output };
  }
  // Cancelled: an error that nobody caught ended the whole file. Of one that took long, the list of failures tells.
  const failed = late || new RegExp(`^${escape(name)}.* (FAILED|cancelled|=> \\./)`, "m").test(output);
  const ran = /ok \| [1-9]\d* passed/.test(output);
  return { verdict: failed ? "failed" : success && ran ? "passed" : "neither", output };
}

// ---

/** A test that was broken off leaves its services: they run with files of the copy. */
async function endLeftovers(folder: string): Promise<void> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-f", "--", folder] }).output();
  for (const pid of new TextDecoder().decode(stdout).match(/\d+/g) ?? []) kill(Number(pid), "SIGKILL");
}

/** How long a test may take, in milliseconds. */
const patience = 240_000;

const piped = { stdin: "null", stdout: "piped", stderr: "piped" } as const;

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
