/**
 * The secrets that every key is derived from.
 *
 * @module
 */
import { dirname, join } from "node:path";
import type { Settings } from "../config.ts";

/**
 * `TALKY_SECRET`, or else the one in the data directory, which is generated at first. Production never
 * gets here without one: its settings are refused.
 */
export async function secretsOf({ secrets, dataDir }: Settings): Promise<readonly string[]> {
  return secrets.length > 0 ? secrets : [await keptSecret(join(dataDir, "secret"))];
}

// ---

/** Reads the file; creates it with 64 random hex digits where there is none. Safe with several at once. */
async function keptSecret(path: string): Promise<string> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const fresh = crypto.getRandomValues(new Uint8Array(32)).toHex();
  const draft = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(draft, fresh + "\n", { mode: 0o600 });
  try {
    await Deno.link(draft, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(draft);
  }
  return (await Deno.readTextFile(path)).trim();
}
