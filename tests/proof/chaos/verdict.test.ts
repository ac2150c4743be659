import assert from "node:assert/strict";
import { findImbalance } from "../../../proof/chaos/balance.ts";
import { compare, type SeenEvent } from "../../../proof/chaos/comparison.ts";
import { ReaderReport } from "../../../proof/chaos/readers/report.ts";

const event = (type: string, actor: string | null = null, peer: string | null = null, subject = "s") => ({
  type,
  actor,
  peer,
  subject,
});

const call = [
  event("room_created", "a"),
  event("occupant_joined", "a"),
  event("occupant_joined", "b"),
  event("p2p_session_started", "a", "b"),
  event("message_sent", "a"),
  event("p2p_session_ended", "b", "a"),
  event("occupant_left", "b"),
  event("occupant_left", "a"),
  event("room_destroyed"),
];

Deno.test("what has begun and ended once is balanced, whichever side ends a call", () => {
  assert.deepEqual(findImbalance(call), []);
});

Deno.test("an event of a pair that is missing or comes twice shows, wherever it is", () => {
  for (const [index, { type }] of call.entries()) {
    if (type === "message_sent") continue;
    assert.notDeepEqual(findImbalance(call.toSpliced(index, 1)), [], `without ${type}`);
    assert.notDeepEqual(findImbalance(call.toSpliced(index, 0, call[index]!)), [], `${type} twice`);
  }
});

/** The same as the log has it, a second apart. */
const logged = call.map((one, second): SeenEvent => {
  return { ...one, time: new Date(1000 * second).toISOString(), reconciled: false };
});
const counts = (done: typeof call, seen: readonly SeenEvent[], broken: boolean) => {
  const { missing, doubled, misordered } = compare(done, seen, broken);
  return { missing, doubled, misordered };
};

Deno.test("what is missing, doubled or misordered in a room is counted, also in one that broke", () => {
  const again = logged.toSpliced(5, 0, logged[4]!);
  const swapped = [logged[1]!, logged[0]!, ...logged.slice(2)];
  for (const broken of [false, true]) {
    assert.deepEqual(counts(call, logged, broken), { missing: 0, doubled: 0, misordered: 0 });
    assert.deepEqual(counts(call, logged.toSpliced(4, 1), broken), { missing: 1, doubled: 0, misordered: 0 });
    assert.deepEqual(counts(call, again, broken), { missing: 0, doubled: 1, misordered: 0 });
    assert.deepEqual(counts(call, swapped, broken), { missing: 0, doubled: 0, misordered: 2 });
  }
});

Deno.test("in a room that broke there may be more than was confirmed; twins were two", () => {
  const more = [...logged, { ...logged[4]!, time: "2026-01-01T00:00:00.000Z" }];
  assert.deepEqual(counts(call, more, true), { missing: 0, doubled: 0, misordered: 0 });
  assert.deepEqual(counts(call, more, false), { missing: 0, doubled: 1, misordered: 0 });
  const twice = call.toSpliced(5, 0, call[4]!);
  const twins = logged.toSpliced(5, 0, logged[4]!);
  assert.deepEqual(counts(twice, twins, true), { missing: 0, doubled: 0, misordered: 0 });
  const underway = { ...logged[3]!, subject: "other" };
  assert.deepEqual(counts(twice, [...twins, underway], true), { missing: 0, doubled: 0, misordered: 0 });
});

Deno.test("what a reader has not had, or has had again, is counted, wherever it is", () => {
  const summaryOf = (ids: readonly number[], head: number) => {
    const report = new ReaderReport("any");
    for (const id of ids) report.add(id);
    const { events, missing, doubled } = report.summary(head);
    return [events, missing, doubled];
  };
  assert.deepEqual(summaryOf([1, 2, 3], 3), [3, 0, 0]);
  assert.deepEqual(summaryOf([], 3), [0, 3, 0]);
  assert.deepEqual(summaryOf([2, 3], 3), [2, 1, 0]);
  assert.deepEqual(summaryOf([1, 3], 3), [2, 1, 0]);
  assert.deepEqual(summaryOf([1, 2], 3), [2, 1, 0]);
  assert.deepEqual(summaryOf([1, 2, 2, 3], 3), [4, 0, 1]);
  // Out of order is both.
  assert.deepEqual(summaryOf([1, 3, 2], 3), [3, 1, 1]);
});
