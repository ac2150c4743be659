import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import { testProsody } from "../harness/prosody.ts";
import { until } from "../harness/wait.ts";
import { configure, content, enter, jingle, leave, say } from "./stanzas.ts";
import { hosts, ingest, join, namespaces as ns, type Session, Subscriber } from "./xmpp.ts";

const outboxMaxBytes = 8000;
const body = (text: string) => xml("body", {}, text);

/** The condition of the newest error a session was answered with, if it is to come again later. */
function refusal({ received }: Session): string | undefined {
  const error = received.findLast((stanza) => stanza.attrs.type === "error")?.getChild("error");
  return error?.attrs.type === "wait" ? error.children[0].name : undefined;
}

/** Does something, and answers whether it was refused for want of room. */
async function isRefused(session: Session, deed: () => Promise<Element | void>): Promise<boolean> {
  session.received.length = 0;
  await deed();
  return refusal(session) === "resource-constraint";
}

Deno.test({
  name: "while the outbox is full nothing begins, what is open may end, and nothing is lost",
  // Sockets that Prosody closes are gone a little after the test.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using prosody = await testProsody({ outboxMaxBytes });
    const [a, b, c] = [await join(prosody, "a"), await join(prosody, "b"), await join(prosody, "c")];
    await enter(a);
    await enter(b);
    await jingle(a, b, "session-initiate", "s", content("audio"));
    await jingle(b, a, "session-accept", "s", content("audio"));
    let said = 0;
    while (!await isRefused(a, () => say(a, body("hello")))) said++;
    assert.ok(said > 5, "it takes a while to be full");

    const elsewhere = xml("presence", { to: `weekly@${hosts.rooms}/${c.id}` }, xml("x", ns.muc));
    const beginnings: [Session, () => Promise<Element | void>][] = [
      [b, () => say(b, body("me too"))],
      [c, () => enter(c)],
      [c, () => c.client.send(elsewhere).then(() => enter(c))],
      [a, () => jingle(a, b, "session-initiate", "t", content("video"))],
      [a, () => jingle(a, b, "session-info", "s", xml("mute", { xmlns: ns.rtpInfo, name: "audio" }))],
      [a, () => configure(a, "secret")],
    ];
    for (const [session, deed] of beginnings) assert.ok(await isRefused(session, deed), String(deed));
    await assert.rejects(join(prosody, "d"), /resource-constraint/);

    await jingle(a, b, "session-terminate", "s", xml("reason", {}, xml("success")));
    await leave(b);
    await c.close();

    const api = new Subscriber(await ingest(prosody, "api"));
    const { lost, bytes } = (await api.subscribe()).getChild("subscribed")!.attrs;
    assert.equal(lost, "0");
    assert.ok(Number(bytes) >= outboxMaxBytes);
    await until("all of it", async () => await api.pending() === 0);
    assert.deepEqual(api.records.map(({ type }) => type), [
      ...["epoch_started", "session_started", "session_started", "session_started"],
      ...["room_created", "occupant_joined", "occupant_joined", "p2p_session_started"],
      ...Array(said).fill("message_sent"),
      ...["p2p_session_ended", "occupant_left", "session_ended"],
    ]);

    const d = await join(prosody, "d");
    assert.equal(await isRefused(d, () => enter(d)), false);
    await until("what begins now", () => api.records.at(-1)?.type === "occupant_joined");
    const log = `${prosody.dataDir}/prosody/prosody.log`;
    const both = /error\s+the outbox is full[^]*the outbox has room again/;
    await until("its log to say both", async () => both.test(await Deno.readTextFile(log)));
  },
});
