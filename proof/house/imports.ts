/**
 * Who imports whom: the graph as Deno has it (`deno info --json`), types and `import()` as well.
 *
 * @module
 */
import { resolve } from "node:path";
import { z } from "zod";
import { isIn, placeOf, places } from "./places.ts";

/** Of one file: its path from the project's folder, and what it imports, files by path, packages by name. */
export interface Imports {
  readonly path: string;
  readonly targets: readonly string[];
}

/** The imports of files of this folder. Throws when Deno cannot read one of them. */
export async function readImports(paths: readonly string[]): Promise<Imports[]> {
  const root = `file://${resolve(".")}/`;
  const files = new Set(paths.map((path) => root + path));
  const entry = paths.map((path) => `import ${JSON.stringify(root + path)};`).join("\n");
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", "deno.json", `data:text/typescript,${encodeURIComponent(entry)}`],
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(`deno info fails: ${new TextDecoder().decode(stderr)}`);
  const { modules } = graph.parse(JSON.parse(new TextDecoder().decode(stdout)));
  return modules.filter(({ specifier }) => files.has(specifier)).map((module) => {
    const targets = module.dependencies.flatMap(({ specifier, code, type }) => {
      const resolved = (code ?? type)?.specifier ?? specifier;
      return resolved.startsWith(root) ? resolved.slice(root.length) : specifier;
    });
    return { path: module.specifier.slice(root.length), targets };
  });
}

/** What imports something that its place may not. */
export function findWrongImports(files: readonly Imports[]): string[] {
  return files.flatMap(({ path, targets }) => {
    const place = placeOf(path);
    if (!place) return [`${path} is in no place of proof/house/places.ts: give its folder a line there`];
    const allowed = places[place]!;
    if (allowed === "anything") return [];
    return targets.filter((target) => !isAllowed(target, place, allowed)).map((target) =>
      `${path} may not import ${target}: ${place} imports ${allowed.join(", ") || "nothing"}`
    );
  });
}

/** Files that import each other in a circle, each circle once. */
export function findCircles(files: readonly Imports[]): string[] {
  const targets = new Map(files.map(({ path, targets }) => [path, targets]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: readonly string[]) => {
    const begin = way.indexOf(path);
    if (begin >= 0) circles.push(`a circle of imports: ${[...way.slice(begin), path].join(" → ")}`);
    if (begin >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return circles;
}

// ---

const resolved = z.object({ specifier: z.string().optional() }).optional();
const graph = z.object({
  modules: z.array(z.object({
    specifier: z.string(),
    dependencies: z.array(z.object({ specifier: z.string(), code: resolved, type: resolved })).default([]),
  })),
});

function isAllowed(target: string, place: string, allowed: readonly string[]): boolean {
  const theirs = placeOf(target);
  // A place inside another one is named by itself.
  return theirs ? theirs === place || allowed.includes(theirs) : allowed.some((name) => isIn(target, name));
}
