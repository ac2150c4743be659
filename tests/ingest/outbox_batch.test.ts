import assert from "node:assert/strict";
import { MalformedBatch, readBatch, withDevice } from "../../ingest/outbox_batch.ts";
import { fixtureRecords } from "../db/outbox.ts";

const attributes = {
  xmlns: "urn:talky:outbox:1",
  source: "node-a",
  epoch: "1767225600000-0a1b2c3d",
  pending: "9",
  bytes: "2048",
  limit: "268435456",
  held: "3",
  lost: "0",
};
const read = (lines: readonly string[], first = 42, last = first + lines.length - 1) =>
  readBatch({ ...attributes, first: String(first), last: String(last) }, lines.join("\n"));

Deno.test("the lines of a batch become records, numbered from its first", () => {
  const { submission, status } = read(fixtureRecords.map((record) => JSON.stringify(record)));
  assert.equal(submission.source, "node-a");
  assert.equal(submission.epoch, attributes.epoch);
  assert.deepEqual(
    submission.lines,
    fixtureRecords.map((record, i) => ({ seq: 42 + i, ...withDevice(record) })),
  );
  assert.deepEqual(status, {
    source: "node-a",
    epoch: attributes.epoch,
    pending: 9,
    bytes: 2048,
    limit: 268435456,
    held: 3,
    lost: 0,
  });
});

Deno.test("a line that does not validate is refused with its reason, in its place, and stops nothing", () => {
  const good = JSON.stringify(fixtureRecords[0]);
  const bad = { ...fixtureRecords[1]!, time: "noon" };
  const nul = JSON.stringify(fixtureRecords[0]).replace("prosody", "\\u0000");
  const { lines } = read([good, "{torn", JSON.stringify(bad), nul, "", good]).submission;
  const codes = lines.map((line) => "refusal" in line ? line.refusal.code : "record");
  assert.deepEqual(codes, [
    "record",
    "not_json",
    "invalid_record",
    "unstorable_character",
    "not_json",
    "record",
  ]);
  assert.deepEqual(lines.map(({ seq }) => seq), [42, 43, 44, 45, 46, 47]);
  const refused = lines.flatMap((line) => "refusal" in line ? [line.refusal] : []);
  assert.deepEqual(refused.map(({ record }) => record), ["{torn", JSON.stringify(bad), nul, ""]);
  assert.match(refused[1]!.message, /time/);
});

Deno.test("a batch that contradicts itself is refused as a whole, for it would shift every sequence", () => {
  const line = JSON.stringify(fixtureRecords[0]);
  assert.throws(() => read([line, line], 1, 3), MalformedBatch);
  assert.throws(() => read([line, line], 1, 1), MalformedBatch);
  assert.throws(() => read([line, line], 0, 1), MalformedBatch);
  assert.throws(() => readBatch({ ...attributes, first: "1" }, line), MalformedBatch);
  assert.throws(() => readBatch({ ...attributes, first: "1", last: "1", epoch: "" }, line), MalformedBatch);
  assert.throws(() => readBatch({ ...attributes, first: "one", last: "1" }, line), MalformedBatch);
});

Deno.test("letters that look like an escape are only letters", () => {
  const [first] = fixtureRecords;
  const record = { ...first!, data: { note: "\\u0000 and \\ud800" } };
  const [line] = read([JSON.stringify(record)]).submission.lines;
  assert.ok("record" in line!);
});
