import assert from "node:assert/strict";
import fc from "fast-check";
import type { SourceRecord } from "../../events/record.ts";
import { cuts, histories } from "../events/history.ts";
import { testDatabase } from "../harness/database.ts";
import { empty, outboxRun, readLog, readRows, storeAll } from "./outbox.ts";

const started: SourceRecord = { type: "epoch_started", time: "2026-01-01T00:00:00.000Z", data: {} };

Deno.test("however a history is cut into batches, and whatever comes twice: same log, same rows", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const shown = async () => ({ log: await readLog(sql), rows: await readRows(sql) });
  const plans = histories({ steps: 60, lossy: true }).map((history) => [started, ...history]).chain((
    history,
  ) =>
    fc.record({
      history: fc.constant(history),
      batches: cuts(history),
      grouping: fc.array(fc.nat({ max: 3 }), { minLength: 1 }),
      again: fc.array(fc.boolean(), { minLength: 1 }),
    })
  );
  await fc.assert(
    fc.asyncProperty(plans, async ({ history, batches, grouping, again }) => {
      await empty(sql);
      await storeAll(sql, outboxRun(history));
      const expected = await shown();

      await empty(sql);
      let first = 1;
      const runs = batches.map((batch) => {
        const run = outboxRun(batch, { first });
        first += batch.length;
        return run;
      });
      for (let i = 0, turn = 0; i < runs.length; turn++) {
        const group = runs.slice(i, i += 1 + grouping[turn % grouping.length]!);
        await storeAll(sql, ...group);
        if (again[turn % again.length]) await storeAll(sql, ...group);
      }
      assert.deepEqual(await shown(), expected);
    }),
    { numRuns: 40 },
  );
});
