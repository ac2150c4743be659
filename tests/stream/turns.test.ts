import assert from "node:assert/strict";
import type { EventLog } from "../../events/event_log.ts";
import { inTurns, together } from "../../stream/turns.ts";

/** Lets what is due happen. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("so many pages are read at once, in order of asking, and one that fails gives its turn on", async () => {
  const asked: number[] = [];
  const pending: PromiseWithResolvers<[]>[] = [];
  const log = inTurns(
    {
      bounds: () => Promise.resolve({ head: 0, earliest: 1, generation: "a" }),
      onAppend: () => () => Promise.resolve(),
      readAfter(after) {
        asked.push(after);
        const page = Promise.withResolvers<[]>();
        pending.push(page);
        return page.promise;
      },
    } satisfies EventLog,
    2,
  );
  const ended: unknown[] = [];
  for (let n = 0; n < 6; n++) {
    log.readAfter(n, { limit: 1 }).then(() => ended.push(n), () => ended.push(`${n} failed`));
  }
  await settle();
  assert.deepEqual(asked, [0, 1]);
  pending[1]!.reject(new Error("away"));
  await settle();
  assert.deepEqual(asked, [0, 1, 2]);
  for (let n = 0; n < 6; n++) {
    pending[n]!.resolve([]);
    await settle();
  }
  assert.deepEqual(asked, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(ended, ["1 failed", 0, 2, 3, 4, 5]);
});

Deno.test("who asks while an answer is under way shares the next one", async () => {
  const pending: PromiseWithResolvers<number>[] = [];
  const ask = together(() => {
    const answer = Promise.withResolvers<number>();
    pending.push(answer);
    return answer.promise;
  });
  const first = ask();
  await settle();
  const others = Array.from({ length: 100 }, () => ask());
  await settle();
  assert.equal(pending.length, 1);
  pending[0]!.resolve(1);
  assert.equal(await first, 1);
  await settle();
  assert.equal(pending.length, 2);
  pending[1]!.reject(new Error("away"));
  for (const other of others) await assert.rejects(other, /away/);
  const last = ask();
  await settle();
  pending[2]!.resolve(3);
  assert.equal(await last, 3);
});
