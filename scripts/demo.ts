/**
 * `deno task demo:build`: bundles the demo call's page for browsers, into the data directory.
 * `deno task start` does so by itself.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";

/** Bundles the page into a folder. Returns false where the folder has what the sources make already. */
export async function buildDemo(target: string): Promise<boolean> {
  const mark = join(target, "sources.sha256");
  const digest = await digestOfSources();
  if (await Deno.readTextFile(mark).catch(() => "") === digest) return false;

  await Deno.mkdir(target, { recursive: true });
  await bundle(resolve(target));
  await Deno.copyFile(join(page, "index.html"), join(target, "index.html"));
  await Deno.writeTextFile(mark, digest);
  return true;
}

// ---

const project = fileURLToPath(new URL("../", import.meta.url));
const page = join(project, "web/demo");

/** `deno bundle` leaves Node's `events` and `punycode` in what the SDK is made of; browsers have neither. */
async function bundle(outdir: string): Promise<void> {
  try {
    await build({
      entryPoints: { demo: join(page, "main.tsx") },
      outdir,
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      jsx: "automatic",
      logLevel: "silent",
    });
  } catch (error) {
    throw new Failure(`the demo call cannot be bundled: ${error instanceof Error ? error.message : error}`);
  } finally {
    await stop();
  }
}

/** What the bundle is made of; the lock file stands for the packages. */
async function digestOfSources(): Promise<string> {
  const folders = await Promise.all(["web/demo", "client"].map(async (folder) => {
    return (await readdir(join(project, folder))).map((file) => join(folder, file));
  }));
  const hash = createHash("sha256");
  for (const path of [...folders.flat().sort(), "deno.lock", "scripts/demo.ts"]) {
    hash.update(`${path}\n`).update(await Deno.readFile(join(project, path)));
  }
  return hash.digest("hex");
}

if (import.meta.main) {
  await runTask(async () => {
    const { demoDir } = loadSettings();
    if (!demoDir) throw new Failure("TALKY_DEMO is off: set it to on");
    console.log(await buildDemo(demoDir) ? `the demo call is in ${demoDir}` : "the demo call is up to date");
  });
}
