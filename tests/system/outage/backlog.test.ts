import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { testDatabase } from "../../harness/database.ts";
import { many, testProsody } from "../../harness/prosody.ts";
import { testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { enter, room, send } from "../../prosody/stanzas.ts";
import { join } from "../../prosody/xmpp.ts";

/** What half an hour leaves behind at eleven events a second; at two hundred with TALKY_TEST_LONG. */
const messages = Deno.env.get("TALKY_TEST_LONG") ? 360_000 : 20_000;

/** Tells the messages of a backlog apart, as far as their order goes. */
const lengthOf = (n: number) => n % 97 + 1;

Deno.test({
  name: "half an hour's backlog drains in order, and /readyz shows how it falls",
  // Sockets that Prosody closes are gone a little after the test.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using database = await testDatabase();
    // One who says what many do.
    await using prosody = await testProsody({ bounds: many });
    const speaker = await join(prosody, "speaker");
    await enter(speaker);
    for (let n = 0; n < messages; n++) {
      const message = xml(
        "message",
        { to: room, type: "groupchat" },
        xml("body", {}, "x".repeat(lengthOf(n))),
      );
      // Now and then waits until Prosody has dealt with them.
      await (n % 500 === 499 ? send(speaker, message) : speaker.client.send(message));
      if (n % 500 === 499) speaker.received.length = 0;
    }

    await using service = await testService({ database, prosody });
    const lags: number[] = [];
    await until("the backlog is drained", async () => {
      const { checks } = await (await fetch(`${service.url}/readyz`)).json();
      lags.push(checks.prosody.lag);
      return checks.prosody.lag === 0;
    }, { timeout: messages * 3, interval: 20 });
    assert.ok(lags.length > 3 && lags[0]! > messages / 10, `it takes a while: ${lags}`);
    assert.deepEqual(lags, lags.toSorted((a, b) => b - a), "it only falls");

    const stored = () =>
      database.sql<{ length: number }[]>`
      select (data->>'length')::int as length from events where type = 'message_sent' order by id`;
    const lengths = (await until("all of it", async () => {
      const rows = await stored();
      return rows.length >= messages && rows;
    })).map(({ length }) => length);
    assert.deepEqual(lengths, Array.from({ length: messages }, (_, n) => lengthOf(n)));
  },
});
