/**
 * What a process takes of the machine's memory.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Resident bytes of a process. */
export async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] }).output();
  return Number(new TextDecoder().decode(stdout)) * 1024;
}

/** Remembers what a process takes now; the answer asserts that it has not grown by more than `bytes` since. */
export async function watchMemory(pid: number, bytes: number): Promise<() => Promise<void>> {
  const before = await residentBytes(pid);
  return async () => {
    const grown = await residentBytes(pid) - before;
    assert.ok(grown < bytes, `it has grown by ${Math.round(grown / 2 ** 20)} MiB`);
  };
}
