import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findLua } from "../../../local/find_program.ts";
import { Random } from "../../../proof/simulate/random.ts";

const kills = 200;

Deno.test("an outbox killed 200 times in the middle of appends keeps all that was done, once", async () => {
  const directory = await Deno.makeTempDir({ prefix: "talky-outbox-" });
  const random = new Random("outbox");
  let done = 0;
  let acknowledged = 0;
  try {
    for (let run = 0; run < kills; run++) {
      const before = acknowledged;
      // Nearly all that is there, so that whole segments go.
      acknowledged = Math.max(acknowledged, done - random.below(20));
      const { kept, appended } = await writeUntilKilled(directory, acknowledged, random);

      const first = kept[0] ?? done + 1;
      assert.ok(first <= before + 1, `run ${run}: up to ${before} acknowledged, and the next is ${first}`);
      assert.deepEqual(kept, kept.map((_, index) => first + index), `run ${run}: in order, each once`);
      // An append that was done may not have come to say so.
      const last = kept.at(-1) ?? done;
      assert.ok(last === done || last === done + 1, `run ${run}: ${done} were done, and the last is ${last}`);
      done = appended.at(-1) ?? last;
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  assert.ok(done > 10 * kills, `${done} appends`);
});

// ---

const writer = fileURLToPath(new URL("outbox_writer.lua", import.meta.url));

/** Returns the numbers of the records that the writer found, and those it said it had appended. */
async function writeUntilKilled(directory: string, acknowledged: number, random: Random) {
  const child = new Deno.Command(await findLua(), {
    args: [writer, directory, String(acknowledged), random.hex(8)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const delay = random.below(20);
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const begins = !said.includes("begun\n") && (said + text).includes("begun\n");
    said += text;
    if (begins) setTimeout(() => child.kill("SIGKILL"), delay);
  }
  const { signal } = await child.status;
  assert.equal(signal, "SIGKILL", said);
  assert.doesNotMatch(said, /^(damaged|warned)/m);
  // The last line may be torn.
  const numbers = (word: string) =>
    [...said.matchAll(new RegExp(`^${word} (\\d+)\\n`, "gm"))].map(([, n]) => Number(n));
  return { kept: numbers("kept"), appended: numbers("done") };
}
