/**
 * `deno task test`: every test, or with a word those whose file (else whose name) contains it. One
 * PostgreSQL serves the whole run. The last line is the sum: `N passed, N failed`.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { Failure, runTask } from "../runtime/failure.ts";
import { findLua } from "../local/find_program.ts";
import { requireProsody } from "../local/install_prosody.ts";
import { startTestPostgres } from "../local/test_postgres.ts";
import { StopRequests } from "../local/stop_requests.ts";
import { testEnvironment } from "../local/test_environment.ts";
import { unpackedProsody13 } from "../local/unpacked_prosody.ts";

/** A way to run some of the tests, and how to read from its output what came of them. */
interface Suite {
  readonly program: string;
  readonly args: readonly string[];
  /** The last match in the output counts. */
  readonly summary: RegExp;
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

async function test(filter: string | undefined, requests: StopRequests): Promise<Tally> {
  await requireProsody(console.error);
  const prosody13 = await beside();
  await using postgres = await startTestPostgres();

  const total = { passed: 0, failed: 0, skipped: 0 };
  const environment = { ...testEnvironment(), TALKY_TEST_POSTGRES: postgres.url, ...prosody13 };
  for (const suite of [...filter ? [] : [await luaTests()], await denoTests(filter)]) {
    const tally = await run(suite, environment, requests);
    for (const key of ["passed", "failed", "skipped"] as const) total[key] += tally[key];
  }
  return total;
}

// ---

/** Prosody 13, for the tests that run on it as well; in CI there is no doing without. */
async function beside(): Promise<Record<string, string>> {
  try {
    return { TALKY_TEST_PROSODY_13: await unpackedProsody13() };
  } catch (error) {
    if (!(error instanceof Failure) || Deno.env.get("CI")) throw error;
    console.error(`${error.message}: tests on it are skipped`);
    return {};
  }
}

async function luaTests(): Promise<Suite> {
  return { program: await findLua(), args: ["prosody/spec/run.lua"], summary: /(\d+) passed, (\d+) failed/g };
}

async function denoTests(filter: string | undefined): Promise<Suite> {
  const files = (await readdir("tests", { recursive: true })).filter((path) => path.endsWith(".test.ts"))
    .map((path) => `tests/${path}`).sort();
  const matching = files.filter((path) => filter && path.includes(filter));
  return {
    program: Deno.execPath(),
    args: [
      // Playwright looks into /proc, which takes all permissions.
      ...["test", "--allow-all"],
      ...matching.length > 0 ? matching : filter ? ["--filter", filter, ...files] : files,
    ],
    summary: /(\d+) passed[^|\n]*\| (\d+) failed[^|\n]*(?:\| (\d+) ignored)?/g,
  };
}

/** Runs a suite, showing its output as it comes. */
async function run(
  { program, args, summary }: Suite,
  env: Record<string, string>,
  requests: StopRequests,
): Promise<Tally> {
  if (requests.pending) return { passed: 0, failed: 1, skipped: 0 };
  const color = Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
  const child = new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: { ...env, ...color },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  requests.wait().then(() => child.kill("SIGTERM")).catch(() => {});
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    await Deno.stdout.write(new TextEncoder().encode(text));
  }
  const { success } = await child.status;
  // deno-lint-ignore no-control-regex
  const [, passed, failed, skipped] = [...output.replace(/\x1b\[[0-9;]*m/g, "").matchAll(summary)].at(-1) ??
    [];
  return {
    passed: Number(passed ?? 0),
    // A suite that broke off has failed, whatever it has counted.
    failed: Math.max(Number(failed ?? 0), success ? 0 : 1),
    skipped: Number(skipped ?? 0),
  };
}

if (import.meta.main) {
  await runTask(async () => {
    const [word] = Deno.args;
    const { passed, failed, skipped } = await test(word, new StopRequests());
    if (passed + failed + skipped === 0) {
      throw new Failure(`no test has ${JSON.stringify(word)} in its file or name`);
    }
    console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
    Deno.exit(failed === 0 ? 0 : 1);
  });
}
