/**
 * A copy of the project to break things in.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Mutant } from "./mutant.ts";
import { Failure } from "../../runtime/failure.ts";

/** A copy that goes when it is disposed of. */
export interface Copy extends AsyncDisposable {
  readonly path: string;
  /** Does something while one mutant is in the copy. */
  mutated<T>(mutant: Mutant, work: () => Promise<T>): Promise<T>;
}

/** Copies the project; packages are shared with it. */
export async function copySources(): Promise<Copy> {
  const path = await Deno.makeTempDir({ prefix: "talky-mutants-" });
  // Where we are root, PostgreSQL runs as somebody else, who has to pass.
  await Deno.chmod(path, 0o711);
  for (const { name } of await Array.fromAsync(Deno.readDir("."))) {
    if (name === "node_modules") await Deno.symlink(join(Deno.cwd(), name), join(path, name));
    else if (!leftOut.has(name)) await cp(name, join(path, name), { recursive: true });
  }
  return {
    path,
    async mutated(mutant, work) {
      const file = join(path, mutant.file);
      const text = await Deno.readTextFile(file);
      await Deno.writeTextFile(file, apply(mutant, text));
      try {
        return await work();
      } finally {
        await Deno.writeTextFile(file, text);
      }
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A file's text with a mutant in it. Fails when there is not just one place for it. */
export function apply({ file, find, replace }: Mutant, text: string): string {
  const [before, after, ...more] = text.split(find);
  if (after === undefined || more.length > 0) {
    throw new Failure(
      `${file} has ${more.length + (after === undefined ? 0 : 1)} places for ${JSON.stringify(find)}`,
    );
  }
  return before + replace + after;
}

// ---

const leftOut = new Set([".git", ".data", ".env", "dist"]);
