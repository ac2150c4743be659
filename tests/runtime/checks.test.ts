import assert from "node:assert/strict";
import { checkProsody } from "../../runtime/assemble.ts";

const outbox = { source: "a", epoch: "1-0", pending: 0, bytes: 0, limit: 1000, held: 0, lost: 0 };

Deno.test("a Prosody that answers late is ready, and says that it is late", () => {
  const check = (answeredIn?: number) =>
    checkProsody({ connected: true, active: true, outbox, ...answeredIn !== undefined && { answeredIn } });
  assert.equal(check().degraded, undefined);
  assert.equal(check(1999).degraded, undefined);
  const late = check(12_340);
  assert.equal(late.ok, true);
  assert.equal(late.answered_in_ms, 12_340);
  assert.match(String(late.degraded), /^Prosody answers after 12\.3 s/);
  // What is worse is said first.
  const full = checkProsody({
    connected: true,
    active: true,
    outbox: { ...outbox, bytes: 1000 },
    answeredIn: 5000,
  });
  assert.match(String(full.degraded), /full/);
});
