import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findProgram } from "../../local/find_program.ts";
import { freePort } from "../../local/ports.ts";
import { outboxRun, readLog, storeAll } from "../db/outbox.ts";
import { roomRecord } from "../events/history.ts";
import { testDatabase } from "../harness/database.ts";
import { testService } from "../harness/service.ts";
import { until } from "../harness/wait.ts";
import { at, bob, call, dailyRoom, makeCall } from "../routes/a_call.ts";
import { temporaryFolder } from "../scripts/temporary_folder.ts";

const example = fileURLToPath(new URL("../../examples/receive_webhook.mjs", import.meta.url));

/** The example, running in a folder. */
async function startReceiver(folder: string, port: number, secret: string) {
  const node = await findProgram("node");
  assert.ok(node, "Node.js is what installs us");
  const child = new Deno.Command(node, {
    args: [example],
    cwd: folder,
    env: { TALKY_WEBHOOK_SECRET: secret, PORT: String(port) },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let printed = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) printed += text;
  })();
  return {
    ids: () => [...printed.matchAll(/^(\d+) /gm)].map(([, id]) => Number(id)),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reading;
    },
  };
}

Deno.test("the example of a receiver has each event once, in order, from the service as it is served", async () => {
  await using database = await testDatabase();
  await makeCall(database.sql);
  await using service = await testService({ database });
  await using folder = await temporaryFolder();
  const headers = { authorization: `Bearer ${await service.tokenFor("manage")}` };
  const port = freePort();
  const ask = async (method: string, path: string, body: object) => {
    const response = await fetch(`${service.url}${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, text);
    return JSON.parse(text);
  };
  const { id, secret } = await ask("POST", "/webhooks", { url: `http://127.0.0.1:${port}/`, after: 0 });
  const all = async () => (await readLog(database.sql)).map(({ id }) => id);
  const seen: number[] = [];
  {
    await using receiver = await startReceiver(folder.path, port, secret);
    await until("the history", async () => receiver.ids().at(-1) === (await all()).at(-1), {
      timeout: 60_000,
    });
    await until(
      "it is noted",
      async () => (await ask("PATCH", `/webhooks/${id}`, {})).cursor === (await all()).at(-1),
    );
    seen.push(...receiver.ids());
  }
  const more = Array.from(
    { length: 3 },
    (_, i) => roomRecord("message_sent", dailyRoom, at(20 + i), { actor: bob, data: { length: i } }),
  );
  await storeAll(database.sql, outboxRun(more, { first: call.length + 1 }));
  const next = await ask("POST", `/webhooks/${id}/rotate`, {});
  await using receiver = await startReceiver(folder.path, port, `${secret},${next.secret}`);
  // What it has had comes again, and is known.
  await ask("POST", `/webhooks/${id}/rewind`, { after: 0 });
  await until("the rest", async () => receiver.ids().at(-1) === (await all()).at(-1), { timeout: 60_000 });
  seen.push(...receiver.ids());
  assert.deepEqual(seen, await all());

  const stranger = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "{}" });
  assert.equal(stranger.status, 401);
  const ready = await (await fetch(`${service.url}/readyz`)).json();
  assert.deepEqual([ready.checks.webhooks.active, ready.checks.webhooks.failing], [1, 0]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  assert.match(metrics, /^talky_webhooks\{state="active"\} 1$/m);
  assert.match(metrics, /^talky_webhook_attempts_total\{result="delivered"\} [1-9]/m);
});
