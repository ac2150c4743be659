/**
 * `deno task check`: what must hold for the source as a whole. Everything is tried, every failure is a
 * line.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { settingNames } from "../config.ts";
import { runTask } from "../runtime/failure.ts";
import { findProgram } from "../local/find_program.ts";

/** Imports go one way: what each place may import besides itself, by folder, file or package. */
const mayImport: Record<string, readonly string[]> = {
  events: ["zod"],
  auth: ["events", "jose", "zod"],
  quality: ["events", "zod"],
  db: ["events", "quality", "@logtape/logtape", "node:fs", "node:net", "node:tls", "postgres"],
  ingest: ["events", "quality", "db", "@logtape/logtape", "@xmpp/client", "@xmpp/xml", "bowser", "zod"],
  stream: ["events", "zod"],
  routes: [
    ...["config.ts", "auth", "events", "quality", "db", "ingest", "stream", "web"],
    ...["@hono/zod-openapi", "@logtape/logtape", "hono", "prom-client", "zod"],
  ],
  prosody: ["config.ts"],
  runtime: [
    ...["config.ts", "auth", "events", "quality", "db", "ingest", "routes", "stream"],
    ...["@logtape/logtape", "hono", "prom-client"],
  ],
  "runtime/deno": [
    ...["config.ts", "routes/dependencies.ts", "stream/websocket.ts", "runtime"],
    ...["@hono/node-server", "@logtape/logtape", "@types/ws", "ws"],
    ...[
      "node:crypto",
      "node:events",
      "node:http",
      "node:https",
      "node:module",
      "node:net",
      "node:path",
      "node:stream",
      "node:util",
    ],
  ],
  "runtime/workers": [
    ...["config.ts", "runtime", "auth", "db", "ingest", "routes", "stream"],
    ...["@hono/zod-openapi", "hono"],
  ],
  web: ["hono"],
  "web/demo": ["client", "@andyet/simplewebrtc", "react", "react-dom", "react-redux"],
};

/** These run on Workers unchanged. */
const withoutDeno = ["auth", "events", "ingest", "quality", "routes", "runtime/workers", "stream"];

/** Past this a file is split. */
const maximumBytes = 15_000;

/** A source file, by its path from the project's folder. */
interface Source {
  readonly path: string;
  readonly text: string;
}

/** What the checks of our own find wrong with the sources. */
export function findFaults(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [
    ...wrongImports(source),
    ...usesOfDeno(source),
    ...tooLong(source),
  ]);
}

// ---

/** `import … from "x"`, `export … from "x"`, `import "x"` and `import("x")`, types as well. */
const importStatement =
  /^(?:(?:import|export)\b[\s\w$*,{}]*\bfrom\s*|import\s*)"([^"]+)"|\bimport\("([^"]+)"\)/gm;

function wrongImports({ path, text }: Source): string[] {
  // A folder's own rule goes before that of the folder around it.
  const place = Object.keys(mayImport).findLast((folder) => path.startsWith(`${folder}/`));
  if (!place || !/\.tsx?$/.test(path)) return [];
  const allowed = mayImport[place] ?? [];
  const specifiers = [...text.matchAll(importStatement)].map(([, fixed, dynamic]) => fixed ?? dynamic ?? "");
  return specifiers
    .map((name) => name.startsWith(".") ? normalize(join(dirname(path), name)) : name)
    .filter((target) => ![place, ...allowed].some((name) => target === name || target.startsWith(`${name}/`)))
    .map((target) =>
      `${path} may not import ${target}: ${place}/ imports ${allowed.join(", ") || "nothing"}`
    );
}

function usesOfDeno({ path, text }: Source): string[] {
  if (!withoutDeno.some((place) => path.startsWith(`${place}/`))) return [];
  return text.split("\n").flatMap((line, index) =>
    /^(?!\s*(?:\*|\/\/)).*\bDeno\./.test(line)
      ? [`${path}:${index + 1} uses Deno, and has to run on Workers`]
      : []
  );
}

function tooLong({ path, text }: Source): string[] {
  const size = new TextEncoder().encode(text).length;
  return size > maximumBytes ? [`${path} has ${size} bytes: split what is over ${maximumBytes}`] : [];
}

/** `.env.example` is where a setting is looked up. */
async function undocumentedSettings(): Promise<string[]> {
  const text = await Deno.readTextFile(".env.example");
  return settingNames.filter((name) => !new RegExp(`\\b${name}=`).test(text))
    .map((name) => `.env.example does not document ${name}`);
}

/** Runs a tool; when it finds something, shows its output and answers a line. */
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

if (import.meta.main) {
  await runTask(async () => {
    const deno = Deno.execPath();
    const faults = [
      ...await tool(deno, "fmt", "--check"),
      ...await tool(deno, "lint", "--quiet"),
      ...await tool(deno, "check", "--quiet", "."),
      ...await luacheck(),
      ...findFaults(await readSources()),
      ...await undocumentedSettings(),
    ];
    for (const fault of faults) console.error(`✗ ${fault}`);
    console.log(faults.length === 0 ? "everything holds" : `${faults.length} to put right`);
    Deno.exit(faults.length === 0 ? 0 : 1);
  });
}
