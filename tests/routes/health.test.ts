import assert from "node:assert/strict";
import { createMetrics } from "../../runtime/metrics.ts";
import { testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

const checks = () =>
  Promise.resolve({ database: { ok: true, head: 5 }, prosody: { ok: false, active: false, lag: 3 } });

Deno.test("metrics and details of readiness are for anyone, or for operators where a setting says so", async () => {
  await using open = await testApi({ dependencies: { checks, metrics: createMetrics() } });
  const all = await (await open.app.request("/readyz")).json();
  assert.deepEqual([all.checks.database.head, all.checks.prosody.lag], [5, 3]);
  assert.equal((await open.app.request("/metrics")).status, 200);

  await using closed = await testApi({
    dependencies: { checks, metrics: createMetrics(), healthDetails: "operators" },
  });
  const response = await closed.app.request("/readyz");
  assert.equal(response.status, 503, "who balances load needs no token");
  assert.deepEqual((await response.json()).checks, { database: { ok: true }, prosody: { ok: false } });
  await assertProblem(await closed.app.request("/metrics"), "unauthorized");
  const { token: limited } = await closed.apiKey({ view: { types: ["room_created"] } });
  const asLimited = { headers: { authorization: `Bearer ${limited}` } };
  await assertProblem(await closed.app.request("/metrics", asLimited), "forbidden");
  assert.deepEqual((await (await closed.app.request("/readyz", asLimited)).json()).checks.prosody, {
    ok: false,
  });
  // As operators ask.
  assert.equal((await closed.request("/metrics")).status, 200);
  assert.equal((await (await closed.request("/readyz")).json()).checks.prosody.lag, 3);
});
