import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import { maxStanzaBytes } from "../../config.ts";
import { testProsody } from "../harness/prosody.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { admin, configure, content, enter, jingle, leave, mute, room, say, send } from "./stanzas.ts";
import { hosts, ingest, join, namespaces as ns, Subscriber } from "./xmpp.ts";

const bytesOf = (element: Element) => new TextEncoder().encode(element.toString()).length;

/** What is made of a filling, with as much of it as brings it to so many bytes. */
function sized(bytes: number, make: (filling: string) => Element, filling = "x"): Element {
  const missing = bytes - bytesOf(make("x"));
  const each = bytesOf(make(`x${filling}`)) - bytesOf(make("x"));
  const element = make("x".repeat(1 + missing % each) + filling.repeat(Math.floor(missing / each)));
  assert.equal(bytesOf(element), bytes);
  return element;
}

const message = (id: string) => (text: string) =>
  xml("message", { xmlns: "jabber:client", to: room, type: "groupchat", id }, xml("body", {}, text));

prosodyTest(
  "a message at the bound arrives and is recorded whole; one beyond is refused, nothing else",
  async (release) => {
    await using prosody = await testProsody({ messageBodies: true }, release);
    const [a, b] = [await join(prosody, "a"), await join(prosody, "b")];
    for (const session of [a, b]) await enter(session);
    const subscriber = new Subscriber(await ingest(prosody, "api"));
    await subscriber.subscribe();
    const received = (id: string) => b.received.find((stanza) => stanza.attrs.id === id);
    const fitting: string[] = [];
    // What grows on its way: as JSON, and as XML again.
    for (const filling of ["\n", '"', "&", "é", "👋"]) {
      const id = `fits-${fitting.length}`;
      const stanza = sized(maxStanzaBytes, message(id), filling);
      await send(a, stanza);
      const text = stanza.getChildText("body")!;
      assert.equal((await until(id, () => received(id))).getChildText("body"), text);
      fitting.push(text);

      await send(a, sized(maxStanzaBytes + 1, message(`${id}-not`), filling));
      const error = a.received.find((answer) => answer.attrs.id === `${id}-not`)?.getChild("error");
      assert.ok(error?.getChild("stanza-too-big", "urn:xmpp:errors"), String(error));
    }
    const sent = () => subscriber.records.filter(({ type }) => type === "message_sent");
    await until("all are recorded", () => sent().length === fitting.length);
    assert.deepEqual(sent().map(({ data }) => data["body"]), fitting);
  },
);

prosodyTest(
  "whatever a client writes at the bound leaves valid records, and everybody in the room",
  async (release) => {
    await using prosody = await testProsody({}, release);
    const [a, b] = [await join(prosody, "a"), await join(prosody, "b")];
    await enter(a);
    // It asserts that every record validates.
    const subscriber = new Subscriber(await ingest(prosody, "api"));
    await subscriber.subscribe();
    const long = "é".repeat(60_000);
    await enter(b, [xml("history", { since: long.slice(0, 1000) })]);
    await send(b, xml("presence", { to: `${room}/${b.id}` }, xml("status", {}, long), xml("show", {}, long)));
    await say(a, xml("subject", {}, long));
    await say(a, xml("rtt", { xmlns: ns.rtt, event: "new" }, xml("t", {}, long)));
    await say(a, xml("body", {}, "hi"), xml("nick", "http://jabber.org/protocol/nick", long));
    await configure(a, long);
    await configure(a, "");
    await jingle(a, b, "session-initiate", long, content("audio"));
    await jingle(a, b, "session-initiate", "s", content(long), content("audio"));
    await jingle(b, a, "session-accept", "s", content("audio"));
    await jingle(a, b, "session-info", "s", mute("mute", long));
    await jingle(
      a,
      b,
      "description-info",
      "s",
      content("video", xml("screen", { xmlns: ns.core, id: long })),
    );
    await jingle(a, b, "session-terminate", "s", xml("reason", {}, xml("success"), xml("text", {}, long)));
    await send(b, xml("presence", { to: `${room}/${long}` }, xml("x", ns.muc)));
    await send(b, xml("presence", { to: `${long}@${hosts.rooms}/${b.id}` }, xml("x", ns.muc)));
    const kick = xml("item", { nick: b.id, role: "none" }, xml("reason", {}, long));
    assert.equal((await admin(a, kick)).attrs.type, "result");
    await leave(a);
    await until("it is over", () => subscriber.records.at(-1)?.type === "room_destroyed");
    const left = subscriber.records.find(({ type }) => type === "occupant_left");
    assert.equal(left?.data["reason"], "é".repeat(100), "cut between characters");
    for (const session of [a, b]) assert.equal(session.client.status, "online");
  },
);
