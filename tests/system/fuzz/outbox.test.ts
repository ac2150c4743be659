import assert from "node:assert/strict";
import fc from "fast-check";
import { isRefusedData } from "../../../db/connect.ts";
import { store } from "../../../db/store.ts";
import { MalformedBatch, readBatch } from "../../../ingest/outbox_batch.ts";
import { createRecorder } from "../../../ingest/recorder.ts";
import { fixtureRecords, readSequences } from "../../db/outbox.ts";
import { testDatabase } from "../../harness/database.ts";
import { mangled, samples, torn } from "./malformed.ts";

const header = {
  source: "node-a",
  epoch: "1767225600000-0a1b2c3d",
  pending: "0",
  bytes: "0",
  limit: "1000",
  lost: "0",
};
const good = fixtureRecords.map((record) => JSON.stringify(record));
const line = fc.oneof(
  mangled(fixtureRecords).map((record) => JSON.stringify(record)),
  torn(fc.constantFrom(...good)),
  fc.string({ unit: "binary" }),
).map((text) => text.replaceAll("\n", " "));

Deno.test("whatever an outbox sends is stored or refused with its reason, line by line", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const recorder = createRecorder({
    isRefusedData,
    store: (submissions) => store(sql, submissions),
  });
  let seq = 0;
  let accepted = 0;
  for (const lines of samples(line, 200)) {
    const place = { first: String(seq + 1), last: String(seq += lines.length) };
    const { submission } = readBatch({ ...header, ...place }, lines.join("\n"));
    accepted += submission.lines.filter((one) => "record" in one && "room" in one.record).length;
    await recorder.submit(submission);
  }
  assert.deepEqual(await readSequences(sql), { [`${header.source}/${header.epoch}`]: seq });
  const refused = await sql<{ code: string; message: string; count: number }[]>`
    select code, min(message) as message, count(*) as count from rejected group by code`;
  for (const { code, message } of refused) assert.ok(code !== "" && message !== "");
  const [{ head }] = await sql<[{ head: number }]>`select id as head from log_head`;
  const byDatabase = refused.find(({ code }) => code === "refused_by_database")?.count ?? 0;
  assert.ok(
    head + byDatabase >= accepted && head <= accepted,
    `${head} of ${accepted}, ${byDatabase} refused`,
  );
  assert.ok(accepted > 0 && refused.length > 1, "there was some of everything");
});

Deno.test("a batch whose frame is wrong is refused as a whole, whatever is wrong with it", () => {
  const frame = { ...header, first: "1", last: "2" };
  let refused = 0;
  for (const batches of samples(fc.tuple(mangled([frame]), fc.array(line)), 200)) {
    for (const [attributes, lines] of batches) {
      try {
        const read = readBatch(Object(attributes), lines.join("\n"));
        const { lines: taken } = read.submission;
        assert.equal(taken.length, Math.max(lines.length, 1));
      } catch (error) {
        if (!(error instanceof MalformedBatch)) throw error;
        assert.ok(error.message);
        refused++;
      }
    }
  }
  assert.ok(refused > 0);
});
