import assert from "node:assert/strict";
import { forgetOldEvents } from "../../db/retention.ts";
import { testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

Deno.test("a hold is set, listed, moved and removed; it cannot bring back what is gone", async () => {
  await using api = await testApi({ events: 20 });
  const headers = {
    authorization: `Bearer ${await api.operatorToken("manage", 60)}`,
    "content-type": "application/json",
  };
  const put = (name: string, body: unknown) =>
    api.request(`/holds/${name}`, { method: "PUT", headers, body: JSON.stringify(body) });
  const hold = await (await put("case-1", { reason: "a court asked" })).json();
  assert.deepEqual([hold.name, hold.after, hold.reason], ["case-1", 0, "a court asked"]);
  await api
    .sql`insert into log_marks values (20, now() - interval '9 days') on conflict (head) do update set time = excluded.time`;
  assert.equal((await forgetOldEvents(api.sql, 1)).heldBy, "case-1");
  assert.equal((await (await put("case-1", { after: 12, reason: "less" })).json()).after, 12);
  const list = await (await api.request("/holds", { headers })).json();
  assert.deepEqual(list.items.map(({ name, after }: typeof hold) => [name, after]), [["case-1", 12]]);
  assert.equal((await forgetOldEvents(api.sql, 1)).earliest, 13);
  await assertProblem(await put("case-2", { after: 5, reason: "too late" }), "cursor_gone");
  assert.equal((await put("case-2", { after: 12, reason: "in time" })).status, 200);
  await assertProblem(await put("Case 3", { reason: "x" }), "invalid_request");
  for (const name of ["case-1", "case-2"]) {
    assert.equal((await api.request(`/holds/${name}`, { method: "DELETE", headers })).status, 204);
  }
  await assertProblem(await api.request("/holds/case-1", { method: "DELETE", headers }), "hold_not_found");
  assert.equal((await forgetOldEvents(api.sql, 1)).earliest, 21);
});

Deno.test("there are a hundred holds at most", async () => {
  await using api = await testApi();
  const headers = {
    authorization: `Bearer ${await api.operatorToken("manage", 60)}`,
    "content-type": "application/json",
  };
  await api
    .sql`insert into holds (name, after, reason) select 'h' || n, 0, 'x' from generate_series(1, 100) n`;
  const put = (name: string) =>
    api.request(`/holds/${name}`, { method: "PUT", headers, body: JSON.stringify({ reason: "x" }) });
  await assertProblem(await put("one-more"), "too_many_holds");
  assert.equal((await put("h7")).status, 200, "one that is there may be moved");
});
