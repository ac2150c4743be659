/**
 * What a process takes of the machine's memory.
 *
 * @module
 */
import { until } from "../../harness/wait.ts";
import { isLong } from "./malformed.ts";

/** What a process may keep of each thing it was bothered with, in bytes. Less does not show in such numbers. */
const perThing = 1024;

/**
 * Goes through things, and then waits until the process keeps no more than 1 KiB of each since half of them: by
 * then its caches are full. (Some is freed late: Deno keeps the idle timer of a WebSocket that was closed while a
 * frame came, for two minutes.) `rouse` gives the process a reason to collect its garbage. With few things
 * there is nothing to see, and it only goes through them.
 */
export async function* keepingSlim<T>(
  pid: number,
  lists: readonly T[][],
  rouse: () => Promise<unknown>,
): AsyncGenerator<T[]> {
  const settled = async () => {
    const readings: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      await rouse();
      readings.push(await residentBytes(pid));
    }
    return Math.min(...readings);
  };
  const half = lists.length >> 1;
  let before = 0;
  for (const [index, list] of lists.entries()) {
    if (isLong && index === half) before = await settled();
    yield list;
  }
  if (!isLong) return;
  const things = lists.slice(half).reduce((sum, list) => sum + list.length, 0);
  await until(`no more than ${perThing} bytes kept of each`, async () => {
    return (await settled() - before) / things < perThing;
  }, { timeout: 300_000, interval: 1000 });
}

// ---

async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] }).output();
  return Number(new TextDecoder().decode(stdout)) * 1024;
}
