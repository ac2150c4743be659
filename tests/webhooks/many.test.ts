import assert from "node:assert/strict";
import { seal } from "../../auth/sealed.ts";
import { addWebhook } from "../../db/webhooks.ts";
import { makeSecret } from "../../webhooks/signature.ts";
import { until } from "../harness/wait.ts";
import { delivering } from "./delivering.ts";
import { assertTold, type Receiver, startReceiver } from "./receiver.ts";

Deno.test("200 endpoints, one of which hangs and one is down: the others are told of everything", async () => {
  await using hanging = await startReceiver();
  await using down = await startReceiver();
  await down.down();
  const receivers: Receiver[] = [];
  const api = await delivering({
    options: { timeout: 100_000, leaseFor: 250_000, patience: { from: 100, most: 1000 } },
  });
  try {
    hanging.behave(({ events }) => events.length === 0 ? 200 : undefined);
    const { generation } = (await api.get("/events")) as { generation: string };
    for (let i = 0; i < 200; i++) {
      const receiver = i === 0 ? hanging : i === 1 ? down : await startReceiver();
      if (i > 1) receivers.push(receiver);
      const id = crypto.randomUUID();
      const secret = await seal(api.keys.sealing, makeSecret(), id);
      await addWebhook(api.sql, {
        ...{ id, name: String(i), url: receiver.url, view: {}, format: "plain" },
        ...{ batchSize: 10, cursor: 0, generation, state: "active", secret, authorization: null },
      }, 1000);
    }
    let newest = 0;
    for (let round = 0; round < 10; round++) {
      newest = await api.append(5);
      await until(
        `round ${round}`,
        () => receivers.every((receiver) => receiver.accepted().at(-1) === newest),
        {
          timeout: 40_000,
        },
      );
    }
    const ids = await api.ids();
    for (const receiver of receivers) assertTold(receiver, ids);
    // All of that while it has not answered its first batch.
    assert.equal(hanging.received.filter(({ events }) => events.length > 0).length, 1);
  } finally {
    await Promise.all(receivers.map((receiver) => receiver.down()));
    hanging.behave(() => 200);
    await hanging.down();
    await hanging.up();
    await api[Symbol.asyncDispose]();
  }
});
