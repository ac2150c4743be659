import assert from "node:assert/strict";
import { forgetOldEvents, markLog } from "../../db/retention.ts";
import { holdForWebhooks } from "../../db/webhook_holds.ts";
import { until } from "../harness/wait.ts";
import { delivering } from "../webhooks/delivering.ts";
import { assertTold, startReceiver } from "../webhooks/receiver.ts";

Deno.test("what a failing webhook has not been told is kept beyond its retention, until it is told or paused", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 10 });
  receiver.behave(({ events }) => events.length > 0 && events[0]! > 5 ? 500 : 200);
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0, batch_size: 5 });
  await until(
    "the second batch fails",
    () => receiver.received.filter(({ events }) => events[0] === 6).length > 1,
  );
  await markLog(api.sql);
  await api.sql`update log_marks set time = time - interval '30 days'`;
  await holdForWebhooks(api.sql);
  const held = await forgetOldEvents(api.sql, 7);
  assert.deepEqual([held.earliest, held.heldBy], [6, `webhook.${id}`]);
  await forgetOldEvents(api.sql, 7);
  receiver.behave(() => 200);
  await until("it is told", async () => (await api.manage("GET", `/webhooks/${id}`)).cursor === 10);
  assertTold(receiver, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await holdForWebhooks(api.sql);
  const after = await forgetOldEvents(api.sql, 7);
  assert.deepEqual([after.earliest, after.heldBy], [11, undefined]);
});
