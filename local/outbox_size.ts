/**
 * How much a local Prosody's outbox holds.
 *
 * @module
 */
import { join } from "node:path";
import { sizeOf } from "./log_follower.ts";

/** Bytes on disk of the outbox of the Prosody in a data directory. */
export async function outboxBytes(dataDir: string): Promise<number> {
  const folder = join(dataDir, "prosody/data/talky_outbox");
  let size = 0;
  for await (const { name } of Deno.readDir(folder)) size += await sizeOf(join(folder, name));
  return size;
}
