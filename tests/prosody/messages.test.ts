import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { joined, scenario, started } from "./scenario.ts";
import { enter, say } from "./stanzas.ts";

const hello = xml("body", {}, "hello");
const fallback = (xmlns: string) =>
  xml("fallback", { xmlns: "urn:xmpp:fallback:0", for: xmlns }, xml("body"));
const axolotl = "eu.siacs.conversations.axolotl";

/** What is said, and what the log has of it. */
const sayings: [what: string, children: Element[], data: string | undefined][] = [
  ["a message", [hello], '{"length":5}'],
  ["in two languages", [xml("body", { "xml:lang": "x" }), hello], '{"length":5}'],
  ["one that may be marked", [hello, xml("markable", "urn:xmpp:chat-markers:0")], '{"length":5}'],
  ["one with a chat state", [hello, xml("active", "http://jabber.org/protocol/chatstates")], '{"length":5}'],
  [
    "a reply",
    [hello, xml("reply", { xmlns: "urn:xmpp:reply:0", id: "m1" }), fallback("urn:xmpp:reply:0")],
    '{"length":5}',
  ],
  [
    "an edit",
    [hello, xml("replace", { xmlns: "urn:xmpp:message-correct:0", id: "m1" })],
    '{"corrects":"m1","length":5}',
  ],
  ["an edit of nothing", [hello, xml("replace", { xmlns: "urn:xmpp:message-correct:0" })], '{"length":5}'],
  ["another's replace", [hello, xml("replace", { xmlns: "urn:example", id: "m1" })], '{"length":5}'],
  [
    "a retraction",
    [
      hello,
      xml("retract", { xmlns: "urn:xmpp:message-retract:1", id: "m1" }),
      fallback("urn:xmpp:message-retract:1"),
    ],
    '{"length":5,"retracts":"m1"}',
  ],
  [
    "a retraction without a text",
    [xml("retract", { xmlns: "urn:xmpp:message-retract:1", id: "m1" })],
    '{"length":0,"retracts":"m1"}',
  ],
  [
    "a retraction, as it was",
    [
      hello,
      xml("apply-to", { xmlns: "urn:xmpp:fasten:0", id: "m1" }, xml("retract", "urn:xmpp:message-retract:0")),
    ],
    '{"length":5,"retracts":"m1"}',
  ],
  [
    "a moderation, as it was",
    [
      xml(
        "apply-to",
        { xmlns: "urn:xmpp:fasten:0", id: "m1" },
        xml("moderated", "urn:xmpp:message-moderate:0", xml("retract", "urn:xmpp:message-retract:0")),
      ),
    ],
    '{"length":0,"retracts":"m1"}',
  ],
  [
    "a reaction",
    [xml("reactions", { xmlns: "urn:xmpp:reactions:0", id: "m1" }, xml("reaction", {}, "👋"))],
    undefined,
  ],
  [
    "a reaction with a text",
    [hello, xml("reactions", { xmlns: "urn:xmpp:reactions:0", id: "m1" }), fallback("urn:xmpp:reactions:0")],
    '{"length":5,"reacts":"m1"}',
  ],
  ["a marker", [xml("displayed", { xmlns: "urn:xmpp:chat-markers:0", id: "m1" })], undefined],
  [
    "a marker with a text",
    [hello, xml("displayed", { xmlns: "urn:xmpp:chat-markers:0", id: "m1" })],
    '{"length":5,"marks":"m1"}',
  ],
  [
    "something attached",
    [hello, xml("apply-to", { xmlns: "urn:xmpp:fasten:0", id: "m1" }, xml("external", { name: "body" }))],
    '{"attaches":"m1","length":5}',
  ],
  ["a chat state", [xml("composing", "http://jabber.org/protocol/chatstates")], undefined],
  ["a receipt", [xml("received", { xmlns: "urn:xmpp:receipts", id: "m1" })], undefined],
  [
    "an encrypted message",
    [hello, xml("encrypted", axolotl), xml("store", "urn:xmpp:hints")],
    `{"encrypted":"${axolotl}","length":5}`,
  ],
  [
    "a message that says how it is encrypted",
    [hello, xml("encryption", { xmlns: "urn:xmpp:eme:0", namespace: "urn:xmpp:omemo:2" })],
    '{"encrypted":"urn:xmpp:omemo:2","length":5}',
  ],
  ["keys, and no message", [xml("encrypted", "urn:xmpp:omemo:2", xml("header"))], undefined],
];

scenario("a message is one more, or says of which earlier one it speaks", async ({ people, expect }) => {
  const [a] = await people("A");
  await enter(a);
  await expect(started("A"), 'room_created A {"name":"daily"}', joined("A", "owner"));
  for (const [, children] of sayings) await say(a, ...children);
  await expect(...sayings.flatMap(([, , data]) => data === undefined ? [] : [`message_sent A ${data}`]));
});
