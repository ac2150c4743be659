import assert from "node:assert/strict";
import { deriveKeys } from "../../auth/keys.ts";
import { seal, unseal } from "../../auth/sealed.ts";
import { renewGeneration } from "../../db/log.ts";
import { readForTest, resealSecrets } from "../../db/webhook_state.ts";
import { forgetDeliveries } from "../../db/webhooks.ts";
import { sealedAnew, secretsOpener, webhookFigures, webhooksCheck } from "../../runtime/webhooks.ts";
import { until } from "../harness/wait.ts";
import { assertProblem } from "../routes/problems.ts";
import { delivering } from "./delivering.ts";
import { startReceiver } from "./receiver.ts";

Deno.test("a secret is shown once, kept sealed, and replaced while both sign", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 1 });
  const { secret, id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0 });
  const delivered = async (last: number) => {
    await until(`event ${last}`, () => receiver.accepted().includes(last));
    return receiver.received.findLast(({ events }) => events.includes(last))!;
  };
  assert.ok((await delivered(1)).isSignedWith(secret));
  const next = await api.manage("POST", `/webhooks/${id}/rotate`, { overlap: "1h" });
  assert.equal(Math.round((Date.parse(next.until) - Date.now()) / 60_000), 60);
  const during = await delivered(await api.append(1));
  assert.ok(during.isSignedWith(secret) && during.isSignedWith(next.secret));
  const last = await api.manage("POST", `/webhooks/${id}/rotate`, { overlap: "0s" });
  const after = await delivered(await api.append(1));
  assert.deepEqual([secret, next.secret, last.secret].map((one) => after.isSignedWith(one)), [
    false,
    false,
    true,
  ]);
  const rows = JSON.stringify(await api.sql`select * from webhooks`);
  const shown = JSON.stringify([
    await api.manage("GET", "/webhooks"),
    await api.manage("GET", `/webhooks/${id}`),
  ]);
  for (const one of [secret, next.secret, last.secret]) {
    assert.ok(!rows.includes(one.slice(6)) && !shown.includes(one.slice(6)));
  }
  for (const overlap of ["31d", "x", "-1s"]) {
    await assertProblem(await api.ask("POST", `/webhooks/${id}/rotate`, { overlap }), "invalid_request");
  }
});

Deno.test("what was sealed with a secret that goes is sealed anew with the one that stays", async () => {
  await using api = await delivering({ options: null });
  const authorization = "Bearer of a test";
  const { secret, id } = await api.manage("POST", "/webhooks", {
    ...{ url: "https://example.com/", authorization },
  });
  const [old, both, fresh] = await Promise.all([
    deriveKeys("a secret that is more than 32 bytes long"),
    deriveKeys(["another secret of more than 32 bytes", "a secret that is more than 32 bytes long"]),
    deriveKeys("another secret of more than 32 bytes"),
  ]);
  const opened = async (keys: typeof old) => {
    const row = await readForTest(api.sql, id);
    return await secretsOpener(keys)(row!);
  };
  assert.deepEqual(await opened(old), { secrets: [secret], authorization });
  assert.equal(await opened(fresh), null);
  await resealSecrets(api.sql, sealedAnew(both));
  assert.deepEqual(await opened(fresh), { secrets: [secret], authorization });
  const sealed = await seal(old.sealing, "text", "one");
  assert.equal(await unseal(old.sealing, sealed, "one"), "text");
  assert.equal(await unseal(old.sealing, sealed, "another"), null, "of one webhook, it is none of another's");
});

Deno.test("rewind tells again, skip leaves out; each goes its own way only", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 10 });
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0, batch_size: 4 });
  await until("all", () => receiver.accepted().length === 10);
  const from = receiver.received.length;
  await api.manage("POST", `/webhooks/${id}/rewind`, { after: 7 });
  const again = () => receiver.received.slice(from).flatMap(({ events }) => events);
  await until("again", () => again().length === 3);
  assert.deepEqual(again(), [8, 9, 10]);

  receiver.behave(({ events }) => events[0] === 11 ? 500 : 200);
  await api.append(6);
  await until("it fails", () => receiver.received.some(({ events }) => events[0] === 11));
  const { batch } = await api.manage("GET", `/webhooks/${id}`);
  await api.manage("POST", `/webhooks/${id}/skip`, { after: batch.last });
  await until("the rest", () => receiver.accepted().at(-1) === 16);
  assert.ok(!receiver.accepted().includes(batch.last));
  const moved = await api.manage("POST", `/webhooks/${id}/skip`, {});
  assert.equal(moved.cursor, 16);

  for (
    const [way, body, code] of [
      ["rewind", { after: 17 }, "invalid_request"],
      ["skip", { after: 3 }, "invalid_request"],
      ["rewind", {}, "invalid_request"],
      ["rewind", { after: 1, generation: crypto.randomUUID() }, "other_log"],
    ] as const
  ) await assertProblem(await api.ask("POST", `/webhooks/${id}/${way}`, body), code);
});

Deno.test("when retention passes the cursor, or the log is restored, it says so and waits", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 20, options: null, hub: { pollEvery: 50 } });
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 5 });
  await api.sql`delete from events where id <= 12`;
  await api.sql`update log_head set earliest = 13`;
  api.deliver();
  const state = (name: string) =>
    until(`it is ${name}`, async () => {
      const webhook = await api.manage("GET", `/webhooks/${id}`);
      return webhook.state === name && webhook;
    });
  const behind = await state("behind");
  assert.match(behind.reason, /events 6 to 12/);
  assert.deepEqual([behind.cursor, receiver.accepted()], [5, []]);
  await assertProblem(await api.ask("POST", `/webhooks/${id}/rewind`, { after: 4 }), "cursor_gone");
  await api.manage("POST", `/webhooks/${id}/skip`, { after: 12 });
  await until("what is kept", () => receiver.accepted().length === 8);

  await renewGeneration(api.sql);
  await api.append(2);
  const other = await state("other_log");
  assert.equal(other.cursor, 20);
  assert.equal(receiver.accepted().at(-1), 20);
  await api.manage("POST", `/webhooks/${id}/rewind`, { after: 0 });
  await until("all of the other log", () => receiver.accepted().length === 8 + 10);
  const { generation } = await api.manage("GET", `/webhooks/${id}`);
  assert.notEqual(generation, other.generation);
});

Deno.test("a batch of which a part is kept no more is not told as if it were whole", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 20, hub: { pollEvery: 50 } });
  receiver.behave(({ events }) => events.length > 0 ? 500 : 200);
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0, batch_size: 10 });
  const state = (name: string) =>
    until(`it is ${name}`, async () => {
      const webhook = await api.manage("GET", `/webhooks/${id}`);
      return webhook.state === name && webhook;
    });
  await until("it fails", () => receiver.received.some(({ events }) => events.length === 10));
  // As retention does it: first said, then done.
  await api.sql`update log_head set earliest = 4`;
  assert.match((await state("behind")).reason, /events 1 to 3/);
  await api.sql`delete from events where id < 4`;
  await api.manage("POST", `/webhooks/${id}/rewind`, { after: 0 });
  await until("it fails with what is kept", () => receiver.received.some(({ events }) => events[0] === 4));
  await renewGeneration(api.sql);
  const other = await state("other_log");
  assert.deepEqual([other.cursor, other.batch], [3, { first: 4, last: 13 }]);
  assert.ok(receiver.received.every(({ events }) => [0, 10].includes(events.length)));
});

Deno.test("who fails for too long is paused, its cursor kept; a person pauses, and lets go on", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 2, options: { pauseAfter: 200 } });
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0 });
  receiver.behave(() => 503);
  const is = (state: string) =>
    until(state, async () => {
      const webhook = await api.manage("GET", `/webhooks/${id}`);
      return webhook.state === state && webhook;
    });
  const paused = await is("paused");
  assert.ok(paused.failures > 1 && paused.failing_since !== null && paused.reason !== null);
  const check = webhooksCheck(await webhookFigures(api.sql)());
  assert.deepEqual([check.ok, check["paused"], check["degraded"]], [true, 1, "webhooks: 1 paused"]);
  receiver.behave(() => 200);
  await api.manage("PATCH", `/webhooks/${id}`, { paused: false });
  await until("it goes on", () => receiver.accepted().length === 2);
  assert.equal((await api.manage("PATCH", `/webhooks/${id}`, { paused: true })).state, "paused");
  const newest = await api.append(1);
  await api.manage("PATCH", `/webhooks/${id}`, { paused: false });
  await until("the rest", () => receiver.accepted().at(-1) === newest);
  await api.manage("DELETE", `/webhooks/${id}`);
  await assertProblem(await api.ask("GET", `/webhooks/${id}`), "webhook_not_found");
});

Deno.test("a test is posted at once; attempts are listed, without what was answered, and bounded", async () => {
  await using receiver = await startReceiver();
  await using api = await delivering({ events: 3 });
  const { id, secret } = await api.manage("POST", "/webhooks", { url: receiver.url, after: 0 });
  await until("all", () => receiver.accepted().length === 3);
  receiver.behave((_, response) => void response.writeHead(418).end("a secret of the receiver"));
  const tested = await api.manage("POST", `/webhooks/${id}/test`);
  assert.deepEqual([tested.delivered, tested.status, tested.error], [false, 418, null]);
  const seen = receiver.received.at(-1)!;
  assert.deepEqual(JSON.parse(seen.body), { type: "test", webhook: id });
  assert.ok(seen.isSignedWith(secret));
  await receiver.down();
  const away = await api.manage("POST", `/webhooks/${id}/test`);
  assert.deepEqual([away.delivered, away.status], [false, null]);
  assert.match(away.error, /refused|ECONN/i);

  const { items } = await api.manage("GET", `/webhooks/${id}/deliveries`);
  assert.deepEqual(
    items.map((
      { kind, first, last, events, status }: Record<string, unknown>,
    ) => [kind, first, last, events, status]),
    [["test", null, null, 0, null], ["test", null, null, 0, 418], ["events", 1, 3, 3, 204], [
      ...["verification", null, null, 0, 204],
    ]],
  );
  assert.doesNotMatch(JSON.stringify(await api.sql`select * from webhook_deliveries`), /secret of/);
  await forgetDeliveries(api.sql, 2);
  assert.equal((await api.manage("GET", `/webhooks/${id}/deliveries`)).items.length, 2);
  await api.sql`update webhook_deliveries set time = now() - interval '31 days'`;
  await forgetDeliveries(api.sql);
  assert.equal((await api.manage("GET", `/webhooks/${id}/deliveries`)).items.length, 0);
});
