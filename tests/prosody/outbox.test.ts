import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import type { ProsodyConfigOptions } from "../../prosody/config.ts";
import { type TestProsody, testProsody } from "../harness/prosody.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { hosts, ingest, join, Subscriber } from "./xmpp.ts";
import { enter, say } from "./stanzas.ts";

/** Defines a test for each release of Prosody, with a Prosody of its own. */
function outboxTest(
  name: string,
  run: (prosody: TestProsody) => Promise<void>,
  overrides: Partial<ProsodyConfigOptions> = {},
): void {
  prosodyTest(name, async (release) => {
    await using prosody = await testProsody({ source: "node-a", ...overrides }, release);
    await run(prosody);
  });
}

const subscriber = async (prosody: TestProsody, resource = "api") =>
  new Subscriber(await ingest(prosody, resource));
const types = ({ records }: Subscriber) => records.map((record) => record.type);
const sequences = ({ places }: Subscriber) => places.map((place) => Number(place.split(" ")[1]));

function position(place: string, source = "node-a"): Element {
  const [epoch, seq] = place.split(" ");
  return xml("position", { source, epoch, seq });
}

outboxTest("nothing is lost or doubled when Prosody is killed", async (prosody) => {
  await join(prosody, "a");
  const first = await subscriber(prosody);
  await first.subscribe();
  await until("two records", () => first.records.length === 2);
  first.answer = "none";
  await join(prosody, "b");
  await until("the third record", () => first.batches.at(-1)?.attrs.first === "3");
  await prosody.kill("SIGKILL");
  await tear(prosody);

  await prosody.restart();
  const second = await subscriber(prosody);
  const subscribed = await second.subscribe(4, position("1-00000000 7"), position("1-00000000 1", "another"));
  const { epoch: _, bytes: __, xmlns: ___, ...attributes } = subscribed.getChild("subscribed")!.attrs;
  assert.deepEqual(attributes, {
    source: "node-a",
    active: "true",
    pending: "2",
    limit: String(256 * 1024 * 1024),
    held: "0",
    lost: "0",
  });
  await until("what was missing", () => second.records.length === 2);
  assert.deepEqual(types(second), ["session_started", "epoch_started"]);
  assert.deepEqual(sequences(second), [3, 1]);
  await until("their acknowledgement", async () => await second.pending() === 0);

  await prosody.restart();
  const third = await subscriber(prosody);
  await third.subscribe();
  await until("the third epoch", () => third.records.length === 1);
  assert.deepEqual(types(third), ["epoch_started"]);
});

outboxTest("a position acknowledges what the outbox does not know to be stored", async (prosody) => {
  const first = await subscriber(prosody);
  first.answer = "none";
  const { epoch } = (await first.subscribe()).getChild("subscribed")!.attrs;
  await join(prosody, "a");
  await until("two records", () => first.batches.at(-1)?.attrs.last === "2");
  first.session.drop();
  const second = await subscriber(prosody);
  await second.subscribe(4, position(`${epoch} 1`));
  await until("the rest", () => second.records.length === 1);
  assert.deepEqual(sequences(second), [2]);
});

outboxTest("a stop says goodbye for everybody, on disk", async (prosody) => {
  await enter(await join(prosody, "a"));
  await prosody.restart();
  const reader = await subscriber(prosody);
  await reader.subscribe();
  await until("eight records", () => reader.records.length === 8);
  assert.deepEqual(types(reader), [
    ...["epoch_started", "session_started", "room_created", "occupant_joined"],
    ...["occupant_left", "room_destroyed", "session_ended", "epoch_started"],
  ]);
});

outboxTest("one subscriber is fed, the others wait their turn", async (prosody) => {
  const [one, two] = [await subscriber(prosody, "one"), await subscriber(prosody, "two")];
  one.answer = "error";
  assert.equal((await one.subscribe()).getChild("subscribed")?.attrs.active, "true");
  assert.equal((await two.subscribe()).getChild("subscribed")?.attrs.active, "false");
  await until("the batch again, after a pause", () => one.batches.length === 2);
  assert.equal(two.batches.length, 0);
  assert.equal(await two.pending(), 1);
  one.session.drop();
  await until("the turn of the second", () => two.records.length === 1);
});

outboxTest(
  "each can ask whether it is fed: the next one is when that one is gone, with nothing on its way",
  async (prosody) => {
    const [one, two] = [await subscriber(prosody, "one"), await subscriber(prosody, "two")];
    await one.subscribe();
    await two.subscribe();
    const fed = async ({ session }: Subscriber) => {
      const question = xml("iq", { type: "get", to: hosts.rooms }, xml("status", "urn:talky:outbox:1"));
      return (await session.request(question)).getChild("status")!.attrs.active;
    };
    assert.deepEqual([await fed(one), await fed(two)], ["true", "false"]);
    await until("all is acknowledged", async () => await two.pending() === 0);
    one.session.drop();
    await until("the second's turn", async () => await fed(two) === "true");
  },
);

outboxTest("requests that make no sense are told why", async (prosody) => {
  const api = await subscriber(prosody);
  for (
    const request of [
      api.subscribe(0),
      api.subscribe(17),
      api.subscribe(1.5),
      api.subscribe(4, position("1767225600000-0a1b2c3d -1")),
      api.subscribe(4, xml("position", { source: "node-a" })),
    ]
  ) {
    const error = (await request).getChild("error");
    assert.ok(error?.getChild("bad-request"));
    assert.ok(error?.getChildText("text"));
  }
});

outboxTest(
  "a client that falls silent is asked, and dropped; one that answers and the API are not",
  async (prosody) => {
    const api = await subscriber(prosody);
    await api.subscribe();
    const idle = await join(prosody, "idle");
    const frozen = await join(prosody, "frozen");
    frozen.freeze();
    await until("the end of the frozen one's session", () => types(api).includes("session_ended"));
    const asked = () => idle.received.filter((stanza) => stanza.getChild("ping", "urn:xmpp:ping")).length;
    await until("the idle one was asked more than once", () => asked() > 2);
    assert.deepEqual(types(api), ["epoch_started", "session_started", "session_started", "session_ended"]);
    const last = api.records.at(-1)!;
    assert.equal("actor" in last && last.actor, frozen.id);
  },
  { readTimeout: 1 },
);

outboxTest(
  "a client that falls silent is dropped, also after a stanza that was slowed down",
  async (prosody) => {
    const api = await subscriber(prosody);
    await api.subscribe();
    const session = await join(prosody, "a");
    await session.client.send(xml("message", { to: hosts.rooms }, xml("body", {}, "long".repeat(1000))));
    session.freeze();
    await until("the end of the session", () => types(api).includes("session_ended"));
  },
  { readTimeout: 1 },
);

outboxTest("a subscriber that takes nothing any more keeps nobody from their calls", async (prosody) => {
  const api = await subscriber(prosody);
  await api.subscribe();
  await until("the first record is acknowledged", async () => {
    return api.records.length === 1 && await api.pending() === 0;
  });
  // Prosody sends nothing more on this connection, and says so at once, within the sending of a batch.
  await api.session.client.write("<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>");
  const others = [await join(prosody, "a"), await join(prosody, "b")];
  for (const other of others) await enter(other);
  const next = await subscriber(prosody, "next");
  await next.subscribe();
  await until("all records", () => next.records.length === 5, { timeout: 30_000 });
});

// ---

/** Leaves the beginning of a record at the outbox's end, as a kill in mid-write does. */
async function tear({ dataDir }: TestProsody): Promise<void> {
  const outbox = `${dataDir}/prosody/data/talky_outbox`;
  for await (const { name } of Deno.readDir(outbox)) {
    if (name.endsWith(".log")) {
      await Deno.writeTextFile(`${outbox}/${name}`, '4 90 {"type":"session_sta', { append: true });
    }
  }
}

for (const messageBodies of [false, true]) {
  const what = messageBodies ? "only its length and, as was asked for, its body" : "only its length";
  outboxTest(`of what was said the log gets ${what}`, async (prosody) => {
    const api = await subscriber(prosody);
    await api.subscribe();
    const session = await join(prosody, "a");
    await enter(session);
    await say(session, xml("body", {}, "Grüße 😀"));
    const message = await until("the message", () => api.records.find(({ type }) => type === "message_sent"));
    assert.deepEqual(message.data, messageBodies ? { length: 7, body: "Grüße 😀" } : { length: 7 });
  }, { messageBodies });
}
