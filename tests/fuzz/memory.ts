/**
 * What a process takes of the machine's memory.
 *
 * @module
 */
import { until } from "../harness/wait.ts";

/** Resident bytes of a process. */
export async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] }).output();
  return Number(new TextDecoder().decode(stdout)) * 1024;
}

/**
 * Remembers what a process takes now; the answer waits until it has grown by less than `bytes` since. Some is
 * freed late: Deno keeps the idle timer of a WebSocket that was closed while a frame came, for two minutes.
 */
export async function watchMemory(pid: number, bytes: number): Promise<() => Promise<void>> {
  const before = await residentBytes(pid);
  return async () => {
    const limit = Math.round((before + bytes) / 2 ** 20);
    const grown = async () => await residentBytes(pid) < before + bytes;
    await until(`process ${pid} takes less than ${limit} MiB`, grown, { timeout: 300_000, interval: 1000 });
  };
}
