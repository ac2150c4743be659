import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import { testProsody } from "../harness/prosody.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { isRefused } from "./refusal.ts";
import { configure, content, enter, jingle, leave, mute, say, send } from "./stanzas.ts";
import { hosts, ingest, join, namespaces as ns, type Session, Subscriber } from "./xmpp.ts";

const outboxMaxBytes = 8000;
const body = (text: string) => xml("body", {}, text);
const rtt = (event: string) => xml("rtt", { xmlns: ns.rtt, event, seq: "0" });

prosodyTest(
  "while the outbox is full nothing begins, what is open may end, and nothing is lost",
  async (release) => {
    await using prosody = await testProsody({ outboxMaxBytes }, release);
    const [a, b, c] = [await join(prosody, "a"), await join(prosody, "b"), await join(prosody, "c")];
    await enter(a);
    await enter(b);
    await jingle(a, b, "session-initiate", "s", content("audio"));
    await jingle(b, a, "session-accept", "s", content("audio"));
    await jingle(a, b, "session-info", "s", mute("mute", "video"));
    await say(a, rtt("init"));
    await configure(a, "secret");
    let said = 0;
    while (said < 100 && !await isRefused(a, () => say(a, body("hello")))) said++;
    assert.ok(said > 5 && said < 100, `it is full after a while: ${said}`);

    const weekly = `weekly@${hosts.rooms}`;
    const elsewhere = xml("presence", { to: `${weekly}/${c.id}` }, xml("x", ns.muc));
    const beginnings: [Session, () => Promise<Element | void>][] = [
      [b, () => say(b, body("me too"))],
      [b, () => say(b, rtt("edit"))],
      [c, () => enter(c, [xml("password", {}, "secret")])],
      [c, () => send(c, elsewhere)],
      [a, () => jingle(a, b, "session-initiate", "t", content("video"))],
      [a, () => jingle(a, b, "session-info", "s", mute("mute", "audio"))],
      [a, () => configure(a, "another secret")],
    ];
    for (const [session, deed] of beginnings) assert.ok(await isRefused(session, deed), String(deed));
    await assert.rejects(join(prosody, "d"), /resource-constraint/);

    const info = await c.request(xml("iq", { type: "get", to: weekly }, xml("query", ns.disco)));
    assert.ok(info.getChild("error")?.getChild("item-not-found"), "no room is left behind");

    const goesOn: [Session, () => Promise<Element | void>][] = [
      [a, () => say(a, xml("composing", "http://jabber.org/protocol/chatstates"))],
      [a, () => say(a, rtt("cancel"))],
      [a, () => jingle(a, b, "transport-info", "s", content("audio"))],
      [a, () => jingle(a, b, "session-info", "s", mute("unmute", "video"))],
      [a, () => configure(a, "")],
    ];
    for (const [session, deed] of goesOn) assert.ok(!await isRefused(session, deed), String(deed));
    const hangUp = () => jingle(a, b, "session-terminate", "s", xml("reason", {}, xml("success")));
    assert.equal(await isRefused(a, hangUp), false);
    await leave(b);
    await c.close();

    const log = `${prosody.dataDir}/prosody/prosody.log`;
    const says = (what: RegExp) =>
      until(`its log to say ${what}`, async () => what.test(await Deno.readTextFile(log)));
    // It looks a few times a second: one that has room again sooner says nothing.
    await says(/error\s+the outbox is full/);

    const api = new Subscriber(await ingest(prosody, "api"));
    const { lost, bytes } = (await api.subscribe()).getChild("subscribed")!.attrs;
    assert.equal(lost, "0");
    assert.ok(Number(bytes) >= outboxMaxBytes);
    await until("all of it", async () => await api.pending() === 0);
    assert.deepEqual(api.records.map(({ type }) => type), [
      ...["epoch_started", "session_started", "session_started", "session_started"],
      ...["room_created", "occupant_joined", "occupant_joined", "p2p_session_started"],
      ...["video_paused", "rtt_enabled", "room_locked"],
      ...Array(said).fill("message_sent"),
      ...["rtt_disabled", "video_resumed", "room_unlocked"],
      ...["p2p_session_ended", "occupant_left", "session_ended"],
    ]);

    const d = await join(prosody, "d");
    assert.equal(await isRefused(d, () => enter(d)), false);
    await until("what begins now", () => api.records.at(-1)?.type === "occupant_joined");
    await says(/error\s+the outbox is full[^]*the outbox has room again/);
  },
);

prosodyTest("what fills the outbox has happened: it reaches whom it is for", async (release) => {
  await using prosody = await testProsody({ outboxMaxBytes }, release);
  const [a, b] = [await join(prosody, "a"), await join(prosody, "b")];
  await enter(a);
  await enter(b);
  await jingle(a, b, "session-initiate", "s", content("audio"));
  const api = await ingest(prosody, "api");
  const bytes = async () => {
    const answer = await api.request(xml("iq", { type: "get", to: hosts.rooms }, xml("status", ns.outbox)));
    return Number(answer.getChild("status")!.attrs.bytes);
  };

  // Until there is no room for one more; a call's record is longer than a message's.
  for (let [before, now] = [0, await bytes()]; 2 * now - before < outboxMaxBytes;) {
    await say(a, body("hello"));
    [before, now] = [now, await bytes()];
  }
  assert.equal(await isRefused(b, () => jingle(b, a, "session-accept", "s", content("audio"))), false);
  assert.ok(await bytes() >= outboxMaxBytes);
  await until(
    "the caller hears of it",
    () =>
      a.received.some((stanza) => stanza.getChild("jingle", ns.jingle)?.attrs.action === "session-accept"),
  );
});
