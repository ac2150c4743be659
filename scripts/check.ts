/**
 * `deno task check`: what must hold for the source as a whole. Everything is tried, every failure is a
 * line.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { settingNames } from "../config.ts";
import { findProgram } from "../local/find_program.ts";
import { findCircles, findWrongImports, readImports } from "../proof/house/imports.ts";
import { findFaults, type Source } from "../proof/house/sources.ts";
import { runTask } from "../runtime/failure.ts";

/** `.env.example` is where a setting is looked up. */
async function undocumentedSettings(): Promise<string[]> {
  const text = await Deno.readTextFile(".env.example");
  return settingNames.filter((name) => !new RegExp(`\\b${name}=`).test(text))
    .map((name) => `.env.example does not document ${name}`);
}

/** Runs a tool; when it finds something, shows its output and returns a line. */
async function tool(program: string, ...args: string[]): Promise<string[]> {
  const output = await new Deno.Command(program, { args, env: { NO_COLOR: "1" } }).output();
  if (output.success) return [];
  await Deno.stderr.write(output.stdout);
  await Deno.stderr.write(output.stderr);
  return [`${program.split("/").at(-1)} ${args.join(" ")} fails: see above`];
}

async function luacheck(): Promise<string[]> {
  const program = await findProgram("luacheck");
  if (program) return await tool(program, "--quiet", "prosody", "proof", "tests");
  if (Deno.env.get("CI")) return ["luacheck is not installed: apt-get install lua-check"];
  console.log("skipped: luacheck is not installed (apt-get install lua-check)");
  return [];
}

/** Every source file, without what is generated or fetched. */
async function readSources(): Promise<Source[]> {
  const entries = await readdir(".", { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name));
  const nested = await Promise.all(
    folders.map(async ({ name }) =>
      (await readdir(name, { recursive: true })).map((path) => join(name, path))
    ),
  );
  const paths = [...entries.map(({ name }) => name), ...nested.flat()]
    .filter((path) => /\.(tsx?|lua|sql|css|html|js)$/.test(path) && path !== "migrations/schema.sql");
  return await Promise.all(paths.sort().map(async (path) => ({ path, text: await Deno.readTextFile(path) })));
}

await runTask(async () => {
  const deno = Deno.execPath();
  const sources = await readSources();
  const imports = await readImports(sources.map(({ path }) => path).filter((path) => /\.tsx?$/.test(path)));
  const faults = [
    ...await tool(deno, "fmt", "--check"),
    ...await tool(deno, "lint", "--quiet"),
    ...await tool(deno, "check", "--quiet", "."),
    ...await luacheck(),
    ...findFaults(sources),
    ...findWrongImports(imports),
    ...findCircles(imports),
    ...await undocumentedSettings(),
  ];
  for (const fault of faults) console.error(`✗ ${fault}`);
  console.log(faults.length === 0 ? "everything holds" : `${faults.length} to put right`);
  Deno.exit(faults.length === 0 ? 0 : 1);
});
