import assert from "node:assert/strict";
import { findImbalance } from "../../scripts/chaos/balance.ts";

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
