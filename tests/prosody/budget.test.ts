import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import { testProsody } from "../harness/prosody.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { configure, content, enter, jingle, leave, mute, say, send } from "./stanzas.ts";
import { hosts, ingest, join, namespaces as ns, type Session, Subscriber } from "./xmpp.ts";

const text = () => xml("body", {}, "hello");
const rtt = (event: string) => xml("rtt", { xmlns: ns.rtt, event, seq: "0" });

/** Does something, and returns the condition of the error that answers it, and its text. */
async function refusalOf(session: Session, deed: () => Promise<unknown>): Promise<string | undefined> {
  session.received.length = 0;
  await deed();
  const error = session.received.findLast((stanza) => stanza.attrs.type === "error")?.getChild("error");
  return error && `${error.attrs.type} ${error.children[0].name}: ${error.getChildText("text")}`;
}

const overdrawn =
  /^wait policy-violation: More has been written down of you than may be: try again in \d+ s$/;

prosodyTest(
  "who has had more written down than a session may begins nothing, ends what is open, and harms nobody",
  async (release) => {
    // What is spent does not come back while this runs.
    const bounds = { talky_outbox_session_rate: 0.001, talky_outbox_session_burst: 8000 };
    await using prosody = await testProsody({ bounds }, release);
    const api = new Subscriber(await ingest(prosody, "api"));
    await api.subscribe();
    const [a, b] = [await join(prosody, "a"), await join(prosody, "b")];
    await enter(a);
    await enter(b);
    await configure(a, "secret");
    await jingle(a, b, "session-initiate", "s", content("audio"));
    await jingle(b, a, "session-accept", "s", content("audio"));
    await jingle(a, b, "session-info", "s", mute("mute", "video"));
    await say(a, rtt("init"));
    const count = async () => {
      await until("all records", async () => await api.pending() === 0);
      return api.records.length;
    };
    let said = 0;
    let refusal: string | undefined;
    while (!refusal && said < 200) {
      refusal = await refusalOf(a, () => say(a, text()));
      if (!refusal) said++;
    }
    assert.match(refusal ?? "nothing", overdrawn);
    assert.ok(said > 3 && said < 60, `${said} messages`);

    const before = await count();
    const beginnings: [string, () => Promise<Element | void>][] = [
      ["a message", () => say(a, text())],
      ["another room", () => send(a, xml("presence", { to: `b@${hosts.rooms}/${a.id}` }, xml("x", ns.muc)))],
      ["a call", () => jingle(a, b, "session-initiate", "t", content("video"))],
      ["a pause", () => jingle(a, b, "session-info", "s", mute("mute", "audio"))],
      ["another password", () => configure(a, "another")],
    ];
    for (const [what, deed] of beginnings) assert.match(await refusalOf(a, deed) ?? "done", overdrawn, what);
    // The same session again: under its id it has spent what it has. It costs no record, and the one that is there stays.
    await assert.rejects(join(prosody, "a", a.id), /policy-violation/);
    assert.equal(await count(), before, "refusals cost no record");

    const ends: [string, () => Promise<Element | void>][] = [
      ["typing", () => say(a, rtt("cancel"))],
      ["a pause", () => jingle(a, b, "session-info", "s", mute("unmute", "video"))],
      ["the password", () => configure(a, "")],
      ["the call", () => jingle(a, b, "session-terminate", "s", xml("reason", {}, xml("success")))],
      ["the stay", () => leave(a)],
    ];
    for (const [what, deed] of ends) assert.equal(await refusalOf(a, deed), undefined, what);
    await a.close();
    await count();
    assert.deepEqual(api.records.slice(before).map(({ type }) => type), [
      ...[
        "rtt_disabled",
        "video_resumed",
        "room_unlocked",
        "p2p_session_ended",
        "occupant_left",
        "session_ended",
      ],
    ]);
    // Others go on, and so does whoever comes.
    assert.equal(await refusalOf(b, () => say(b, text())), undefined);
    const c = await join(prosody, "c");
    assert.equal(await refusalOf(c, () => enter(c)), undefined);
  },
);

prosodyTest("many sessions of one address do not fill the outbox, and end as they like", async (release) => {
  const outboxMaxBytes = 40_000;
  const bounds = { talky_outbox_share_rate: 0.001, talky_outbox_share_burst: 10_000 };
  await using prosody = await testProsody({ outboxMaxBytes, bounds }, release);
  const api = await ingest(prosody, "api");
  const taken = async () => {
    const answer = await api.request(xml("iq", { type: "get", to: hosts.rooms }, xml("status", ns.outbox)));
    return Number(answer.getChild("status")!.attrs.bytes) / outboxMaxBytes;
  };
  const sessions: Session[] = [];
  await assert.rejects(async () => {
    while (sessions.length < 200) sessions.push(await join(prosody, `guest-${sessions.length}`));
  }, /policy-violation/);
  const begun = await taken();
  assert.ok(begun >= 0.5 && begun < 0.9, `${begun} of it`);
  for (const session of sessions) await session.close();
  await until("the ends are written down", async () => await taken() > begun);
  await assert.rejects(join(prosody, "another"), /policy-violation/);
});
