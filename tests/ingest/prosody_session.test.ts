import assert from "node:assert/strict";
import { signIngestCredential } from "../../auth/credential.ts";
import { xmppHosts } from "../../config.ts";
import { isRefusedData } from "../../db/connect.ts";
import { readPositions } from "../../db/sources.ts";
import type { OutboxOptions } from "../../ingest/outbox_connection.ts";
import { startProsodySession } from "../../ingest/prosody_session.ts";
import { createRecorder } from "../../ingest/recorder.ts";
import { storeAll } from "../db/outbox.ts";
import { testDatabase } from "../harness/database.ts";
import { type TestProsody, testProsody } from "../harness/prosody.ts";
import { shell, withShell } from "../harness/prosodyctl.ts";
import { until } from "../harness/wait.ts";
import { join } from "../prosody/xmpp.ts";

/** Subscribes to a Prosody's outbox as the API does. */
function startSession(
  prosody: TestProsody,
  options: Pick<OutboxOptions, "positions" | "recorder" | "askEvery">,
) {
  const hosts = xmppHosts(prosody.domain);
  return startProsodySession({
    url: prosody.wsUrl,
    hosts,
    username: "talky-ingest",
    credential: () => signIngestCredential(prosody.keys, `talky-ingest@${hosts.users}`, 60),
    customerData: () => Promise.resolve(null),
    ...options,
  });
}

Deno.test("batches that could not be stored come again, and no later epoch overtakes them", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await using prosody = await testProsody();
  // Every start is an epoch; together they wait in the outbox, one batch each.
  for (let epochs = 1; epochs < 4; epochs++) await prosody.restart();

  const attempts: string[] = [];
  const recorder = createRecorder({
    isRefusedData,
    store: async (submissions) => {
      const epochs = submissions.map((one) => one.origin === "outbox" ? one.epoch : "");
      attempts.push(epochs.join(" "));
      // Twice the database goes away, each time with the first batch only.
      if (attempts.length <= 2) throw new Error("the connection is gone");
      return await storeAll(sql, ...submissions);
    },
  });
  const session = startSession(prosody, { positions: () => readPositions(sql), recorder });
  try {
    await until("all four epochs are stored", async () => (await sql`select 1 from sources`).length === 4);
    const epochs = (await sql`select epoch from sources order by epoch`).map(({ epoch }) => epoch);
    const stored = attempts.slice(2).flatMap((group) => group.split(" "));
    assert.deepEqual([...new Set(stored)], epochs, "in order");
    assert.ok(
      attempts.slice(0, 2).every((group) => group.startsWith(epochs[0])),
      `the first was tried first, always: ${attempts.join("; ")} of ${epochs}`,
    );
    await until(
      "the outbox is empty",
      () => session.status().connected && session.status().outbox?.pending === 0,
    );
  } finally {
    await session.stop();
  }
});

Deno.test("what waits is what is not stored; a connection that is gone has no outbox", async () => {
  await using prosody = await testProsody();
  for (let epochs = 1; epochs < 4; epochs++) await prosody.restart();
  const hold = Promise.withResolvers<void>();
  const recorder = createRecorder({
    isRefusedData: () => false,
    store: async (submissions) => {
      await hold.promise;
      return submissions.map(() => ({}));
    },
  });
  const session = startSession(prosody, {
    positions: () => Promise.resolve([]),
    recorder,
    // Often: an answer is on its way whenever something else happens.
    askEvery: 10,
  });
  const waiting = () => session.status().outbox?.pending;
  try {
    await until("all four starts have come", () => waiting() === 4);
    const seen = new Set<number | undefined>();
    for (let look = 0; look < 20; look++) {
      seen.add(waiting());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual([...seen], [4], "asked again and again");
    await prosody.kill("SIGKILL");
    await until("the connection is gone", () => !session.status().connected);
    hold.resolve();
    await recorder.drain();
    assert.equal(session.status().outbox, undefined);
  } finally {
    hold.resolve();
    await session.stop();
  }
});

Deno.test("an API that the outbox does not feed any more, nor anybody else, subscribes again", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await using prosody = await testProsody(withShell);
  const recorder = createRecorder({
    isRefusedData,
    store: (submissions) => storeAll(sql, ...submissions),
  });
  const session = startSession(prosody, { positions: () => readPositions(sql), recorder, askEvery: 200 });
  // A second instance waits its turn meanwhile, and does not take it by asking again and again.
  const waiting = startSession(prosody, { positions: () => readPositions(sql), recorder, askEvery: 200 });
  try {
    await until("both are subscribed", () => session.status().connected && waiting.status().connected);
    await until("one is fed", () => session.status().active !== waiting.status().active);
    // What a reload of modules from before this one's time does, too: the list of subscribers is empty.
    const forget = `>for jid in pairs(prosody.full_sessions) do prosody.hosts["users.${prosody.domain}"]
      .events.fire_event("resource-unbind", { session = { full_jid = jid, log = print } }) end`;
    await shell(prosody, [forget.replace(/\s+/g, " ")]);
    const client = await join(prosody, "a");
    await until("what happens is stored", async () => {
      const [row] = await sql`select 1 from users where sessionid = ${client.id}`;
      return row !== undefined;
    });
    assert.notEqual(session.status().active, waiting.status().active);
    await client.close();
  } finally {
    await Promise.all([session.stop(), waiting.stop()]);
  }
});
