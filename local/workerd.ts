/**
 * Cloudflare's runtime on this machine: the Worker's bundle, and workerd (through miniflare) to run it.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { Failure } from "../runtime/failure.ts";

/** Bundles `worker.ts` into one module, which has nothing of Deno's. Returns its size in bytes. */
export async function bundleWorker(output: string): Promise<number> {
  await mkdir(dirname(output), { recursive: true });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", `--config=${inProject("deno.json")}`],
      ...["--platform", "browser", "--format", "esm", "--external", "cloudflare:*"],
      ...["--output", output, inProject("worker.ts")],
    ],
  }).output();
  if (!success) throw new Failure(`the Worker cannot be bundled: ${new TextDecoder().decode(stderr).trim()}`);

  const bundle = requireNode + await Deno.readTextFile(output);
  const uses = usesOfDeno(bundle);
  if (uses.length > 0) throw new Failure(`the Worker uses Deno: ${uses.join(", ")}`);
  await Deno.writeTextFile(output, bundle);
  return new TextEncoder().encode(bundle).length;
}

/** Calls of Deno's API in a source. To ask whether there is a Deno (`"Deno" in globalThis`) is none. */
export function usesOfDeno(source: string): string[] {
  return [...source.matchAll(/(?<![\w.$])Deno\s*(?:\?\.|\.|\[).{0,20}/g)].map(([use]) => use);
}

/** How a Worker is run. */
export interface WorkerdOptions {
  /** The bundle. */
  readonly script: string;
  /** Settings and secrets, by their names in the environment. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether a Durable Object ingests. Default: no. */
  readonly ingest?: boolean;
  /** Default: 127.0.0.1, and a free port. */
  readonly host?: string;
  readonly port?: number;
}

/** A Worker that runs. */
export interface Workerd extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
}

/** Runs a bundle; resolves once it answers. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const { script, settings, ingest = false, host = "127.0.0.1", port = 0 } = options;
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: await Deno.readTextFile(script) }],
    compatibilityDate,
    compatibilityFlags: ["nodejs_compat"],
    bindings: { ...settings },
    durableObjects: { STREAM: "StreamHub", ...ingest && { INGEST: "ProsodyIngest" } },
    host,
    port,
  });
  try {
    const { origin } = await miniflare.ready;
    await (await fetch(`${origin}/healthz`)).body?.cancel();
    return { url: origin, [Symbol.asyncDispose]: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

// ---

/** The runtime's behaviour that the Worker was written for; also in `.denoflare`'s deployment. */
const compatibilityDate = "2026-07-01";

/** CommonJS packages in the bundle (ltx) require Node's modules, which workerd has under the same names. */
const requireNode = `import { createRequire } from "node:module";\nconst require = createRequire("/");\n`;

function inProject(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
