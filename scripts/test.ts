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
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Many tests wait more than they work: so many suites run side by side. */
const lanes = 2;

/** Browsers in calls want the machine for themselves: these folders run first, alone. */
const alone = ["tests/system/browser"];

/** Folders that take minutes, as they begin; of the others, the more files the sooner. */
const first = ["tests/proof/chaos", "tests/routes", "tests/prosody", "tests/system/supervision"];

async function test(filter: string | undefined, requests: StopRequests): Promise<Tally> {
  await requireProsody(console.error);
  const prosody13 = await beside();
  await using postgres = await startTestPostgres();

  const environment = { ...testEnvironment(), TALKY_TEST_POSTGRES: postgres.url, ...prosody13 };
  const tallies: Tally[] = [];
  const runAll = async (suites: Suite[], lanes: number) => {
    const work = async () => {
      for (let suite = suites.shift(); suite && !requests.pending; suite = suites.shift()) {
        tallies.push(await run(suite, environment, requests, lanes === 1));
      }
    };
    await Promise.all(Array.from({ length: lanes }, work));
  };
  if (filter) await runAll([await filtered(filter)], 1);
  else {
    const folders = await testFolders();
    await runAll([await luaTests(), ...suitesOf(alone, folders)], 1);
    await runAll(suitesOf(inOrder(folders), folders), lanes);
  }
  const sum = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0);
  return {
    passed: sum("passed"),
    failed: sum("failed") + (requests.pending ? 1 : 0),
    skipped: sum("skipped"),
  };
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

/** The files of tests, by folder. */
async function testFolders(): Promise<ReadonlyMap<string, readonly string[]>> {
  return Map.groupBy(await testFiles(), (path) => path.slice(0, path.lastIndexOf("/")));
}

/** The folders that run side by side, so that none that takes long is the last to begin. */
function inOrder(folders: ReadonlyMap<string, readonly string[]>): string[] {
  const others = [...folders.keys()].filter((folder) => !first.includes(folder) && !alone.includes(folder))
    .sort((a, b) => folders.get(b)!.length - folders.get(a)!.length);
  return [...first, ...others];
}

/** `deno task check` has looked at the types of all of them, once. */
function suitesOf(names: readonly string[], folders: ReadonlyMap<string, readonly string[]>): Suite[] {
  return names.map((name) => denoTests(["--no-check", ...folders.get(name)!]));
}

/** The tests of files that have a word in their path; where none has, those that have it in their name. */
async function filtered(word: string): Promise<Suite> {
  const files = await testFiles();
  const matching = files.filter((path) => path.includes(word));
  return denoTests(matching.length > 0 ? matching : ["--filter", word, ...files]);
}

async function testFiles(): Promise<string[]> {
  const paths = await readdir("tests", { recursive: true });
  return paths.filter((path) => path.endsWith(".test.ts")).map((path) => `tests/${path}`).sort();
}

function denoTests(args: readonly string[]): Suite {
  return {
    program: Deno.execPath(),
    // Playwright looks into /proc, which takes all permissions.
    args: ["test", "--allow-all", ...args],
    summary: /(\d+) passed[^|\n]*\| (\d+) failed[^|\n]*(?:\| (\d+) ignored)?/g,
  };
}

/** Runs a suite, showing its output as it comes (`live`), or in whole lines, between which others may stand. */
async function run(
  { program, args, summary }: Suite,
  env: Record<string, string>,
  requests: StopRequests,
  live: boolean,
): Promise<Tally> {
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
  let shown = 0;
  const show = async (end: number) => {
    const text = output.slice(shown, end);
    shown = Math.max(shown, end);
    await Deno.stdout.write(new TextEncoder().encode(text));
  };
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    await show(live ? output.length : output.lastIndexOf("\n") + 1);
  }
  await show(output.length);
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
