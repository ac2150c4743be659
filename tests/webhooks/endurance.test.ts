import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { until } from "../harness/wait.ts";
import { delivering } from "./delivering.ts";
import { assertTold, type Received, startReceiver } from "./receiver.ts";

const long = Deno.env.get("TALKY_TEST_LONG") === "1";
/** How long there is load and trouble, in milliseconds. */
const lasting = long ? 60_000 : 4000;

Deno.test("down, failing, hanging, killed in mid-body, moved, gone: told of the log, in order", async () => {
  await using elsewhere = await startReceiver();
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 150, options: { timeout: 300 } });
  const { id, secret } = await api.manage("POST", "/webhooks", {
    url: receiver.url,
    after: 0,
    batch_size: 7,
  });
  const secrets = [secret];
  const troubles: ((received: Received, response: ServerResponse) => number | void)[] = [
    () => 500,
    () => 429,
    () => 410,
    () => {},
    (_, response) => void response.destroy(),
    (_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setTimeout(() => response.destroy(), 5);
    },
    (_, response) => void response.writeHead(308, { location: elsewhere.url }).end(),
    (received, response) => {
      // It has it, and nobody hears of that.
      received.accepted = true;
      response.destroy();
    },
  ];
  let n = 0;
  receiver.behave((received, response) =>
    n++ % 3 ? 200 : troubles[Math.floor(n / 3) % troubles.length]!(received, response)
  );
  const end = Date.now() + lasting;
  let newest = 150;
  for (let round = 0; Date.now() < end; round++) {
    newest = await api.append(1 + round % 20);
    if (round % 10 === 4) {
      await receiver.down();
      await api.append(3);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await receiver.up();
    }
    if (round % 10 === 7) {
      secrets.push((await api.manage("POST", `/webhooks/${id}/rotate`, { overlap: "1h" })).secret);
    }
    // A person notices that it was disabled, and lets it go on.
    if (round % 5 === 0) await api.manage("PATCH", `/webhooks/${id}`, { paused: false });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  newest = await api.append(1);
  receiver.behave(() => 200);
  await until("it is told of the newest", async () => {
    await api.manage("PATCH", `/webhooks/${id}`, { paused: false });
    return receiver.accepted().at(-1) === newest;
  }, { timeout: 60_000 });
  assertTold(receiver, await api.ids());
  assert.equal(elsewhere.connections(), 0);
  assert.ok(secrets.length > 1);
  for (const delivery of receiver.received) {
    assert.ok(
      secrets.some((one) => delivery.isSignedWith(one)),
      "npm's standardwebhooks verifies every delivery",
    );
  }
});

Deno.test("the database is away while it delivers: what could not be noted comes again under its id", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 30 });
  const name = new URL(api.url).pathname.slice(1);
  receiver.behave(async ({ events }) => {
    // In the middle of a delivery, every connection of those who deliver is cut.
    if (events.length > 0 && receiver.received.length % 4 === 0) {
      await api.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = ${name} and pid <> pg_backend_pid()`.catch(() => {});
    }
    return 200;
  });
  await api.manage("POST", "/webhooks", { url: receiver.url, after: 0, batch_size: 3 });
  await until("all", () => receiver.accepted().at(-1) === 30, { timeout: 60_000 });
  assertTold(receiver, await api.ids());
});
