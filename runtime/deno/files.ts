/**
 * Files that the service shows: those of packages, and the demo call as it was bundled.
 *
 * @module
 */
import { createRequire } from "node:module";
import { join } from "node:path";

/** A file of an installed package, by `package/path`; null where there is none. */
export async function readAsset(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await Deno.readFile(createRequire(import.meta.url).resolve(path));
  } catch {
    return null;
  }
}

/** A file of the bundled demo call in a folder; null where there is none. */
export async function readDemo(folder: string, file: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await Deno.readFile(join(folder, file));
  } catch {
    return null;
  }
}
