import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { limitFiles } from "../../../local/process.ts";
import { testDatabase } from "../../harness/database.ts";
import { testProsody } from "../../harness/prosody.ts";
import { type TestService, testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { isRefused } from "../../prosody/refusal.ts";
import { enter, say } from "../../prosody/stanzas.ts";
import { join } from "../../prosody/xmpp.ts";

const body = (text: string) => xml("body", {}, text);

async function readOutbox({ url, token }: TestService) {
  const { checks } = await (await fetch(`${url}/readyz`)).json();
  const headers = { authorization: `Bearer ${token}` };
  const metrics = await (await fetch(`${url}/metrics`, { headers })).text();
  const held = /^talky_outbox_held_records (\d+)$/m.exec(metrics)?.[1];
  return { degraded: checks.prosody.degraded as string | undefined, held };
}

Deno.test({
  name:
    "a disk that refuses in the middle of a record: nothing begins, /readyz and /metrics say so, nothing is lost",
  // Limits of other processes are Linux's.
  ignore: Deno.build.os !== "linux",
  // Sockets that Prosody closes are gone a little after the test.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using database = await testDatabase();
    await using prosody = await testProsody();
    await using service = await testService({ database, prosody });
    const ada = await join(prosody, "ada");
    await enter(ada);
    let said = 0;
    await limitFiles(prosody.pid, 3001);
    while (said < 100 && !await isRefused(ada, () => say(ada, body(`no. ${said}`)))) said++;
    assert.ok(said > 1 && said < 100, `there is room for some: ${said}`);

    const troubled = { timeout: 30_000 };
    await until("it to be shown", async () => (await readOutbox(service)).held === "1", troubled);
    assert.match(
      (await readOutbox(service)).degraded!,
      /disk refuses records \(1 waits in memory\): nothing new begins/,
    );

    await limitFiles(prosody.pid, Infinity);
    await until("room again", async () => !await isRefused(ada, () => say(ada, body("at last"))));
    await until("all of it is stored", async () => {
      const [row] = await database.sql`select count(*) from events where type = 'message_sent'`;
      return row!["count"] === said + 1;
    });
    assert.deepEqual(await readOutbox(service), { degraded: undefined, held: "0" });
  },
});
