/**
 * At most one process at a time brings services up on a data directory.
 *
 * @module
 */
import { join } from "node:path";

/** A data directory that is ours until the lock is closed, or the process ends in whatever way. */
export interface DataDirLock extends Disposable {
  /** Absent when it is ours: the process id of who has it. */
  readonly holder?: string;
}

/** Locks a data directory, or says who has it. The system's file lock: it leaves nothing stale behind. */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  await Deno.mkdir(dataDir, { recursive: true });
  const path = join(dataDir, "lock");
  const file = await Deno.open(path, { read: true, write: true, create: true });
  if (!await file.tryLock(true)) {
    file.close();
    return { holder: (await Deno.readTextFile(path)).trim() || "?", [Symbol.dispose]() {} };
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return file;
}
