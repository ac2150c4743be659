import assert from "node:assert/strict";
import fc from "fast-check";
import { estimateMos, type Heard } from "../../quality/mos.ts";

const heard = fc.record({
  rtt: fc.double({ min: 0, max: 5000, noNaN: true }),
  buffer: fc.double({ min: 0, max: 5000, noNaN: true }),
  loss: fc.double({ min: 0, max: 100, noNaN: true }),
});
/** What floating point may lose. */
const epsilon = 1e-9;

Deno.test("more loss or delay never raises the estimate, which lies between 1 and 4.5", () => {
  fc.assert(
    fc.property(heard, heard, (a, b) => {
      const worse: Heard = {
        rtt: Math.max(a.rtt, b.rtt),
        buffer: Math.max(a.buffer, b.buffer),
        loss: Math.max(a.loss, b.loss),
      };
      const [mos, lower] = [estimateMos(a), estimateMos(worse)];
      assert.ok(lower <= mos + epsilon, `${lower} > ${mos}`);
      assert.ok(mos >= 1 && mos <= 4.5);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("a good call is good, 20 % loss is poor, 50 % is no better; half a second is poor", () => {
  assert.ok(estimateMos({ rtt: 20, buffer: 40, loss: 0 }) > 4.3);
  assert.ok(estimateMos({ rtt: 20, buffer: 40, loss: 20 }) < 2.6);
  assert.equal(estimateMos({ rtt: 20, buffer: 40, loss: 50 }), 1);
  assert.ok(estimateMos({ rtt: 1000, buffer: 0, loss: 0 }) < 3);
});

Deno.test("where the two rules for delay meet, there is no step", () => {
  const at = (rtt: number) => estimateMos({ rtt, buffer: 0, loss: 0 });
  assert.ok(Math.abs(at(279.999) - at(280.001)) < 1e-4);
});
