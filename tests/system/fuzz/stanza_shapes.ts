/**
 * Stanzas that nobody should send: any shape of them, and those that clients do send with something odd.
 *
 * @module
 */
import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import fc from "fast-check";
import { room } from "../../prosody/stanzas.ts";
import { hosts, namespaces as ns } from "../../prosody/xmpp.ts";
import { mucStanza, type Stanza } from "./muc_shapes.ts";

const text = fc.oneof(
  fc.constantFrom("", "room", "..", "é".repeat(600), "a'b\"c<d>&", "\u202e", "x".repeat(3000), "%n%s", "\\"),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const words = (text: string) => text.trim().split(/\s+/);
const names = words(`
  presence message iq user x query jingle content description screen body rtt status item reason
  mute batch subscribe session position z-z
`);
const namespaces = [
  ...Object.values(ns),
  "jabber:x:data",
  `${ns.muc}#owner`,
  `${ns.muc}#admin`,
  `${ns.muc}#user`,
]
  .concat(["urn:talky:session:1", "urn:talky:x", "urn:xmpp:ping", "jabber:iq:roster", ""]);
const keys = words(`
  type id from sid rid action name media nick jid var event seq role affiliation first last source
  epoch window
`);
const values = words(`
  set get result error groupchat unavailable session-initiate session-accept session-info
  session-terminate description-info audio video 1 -1 submit none moderator outcast owner
`).concat(`api@${hosts.users}/api`);

const attributes = fc.dictionary(fc.constantFrom(...keys), fc.oneof(fc.constantFrom(...values), text), {
  maxKeys: 5,
});
/** An element of known and unknown names and namespaces, nested. */
export const { element } = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.tuple(
    fc.constantFrom(...names),
    fc.constantFrom(...namespaces),
    attributes,
    fc.array(fc.oneof({ maxDepth: 4 }, text, tie("element")), { maxLength: 4 }),
  ).map(([name, xmlns, attrs, children]) => xml(name, { ...attrs, ...xmlns && { xmlns } }, ...children)),
}));

/** Where a stanza may go: the room and those in it, other rooms, the hosts, other sessions, nowhere. */
const target = fc.oneof(
  fc.constantFrom("room", "me", "peer", "api", "nobody"),
  fc.constantFrom(...Object.values(hosts)),
  text.map((name) => `${name}@${hosts.rooms}`),
  text.map((nick) => `${room}/${nick}`),
  text,
);
const free: fc.Arbitrary<Stanza> = fc.tuple(
  fc.constantFrom("presence", "message", "iq"),
  attributes,
  target,
  fc.array(element, { maxLength: 4 }),
);

/** What clients do send, with something odd in it. */
const jingleActions = values.filter((value) => /^session-|^desc/.test(value));
const likely: fc.Arbitrary<Stanza> = fc.tuple(text, element, fc.constantFrom(...jingleActions), fc.nat(6))
  .map(
    ([text, odd, action, which]) => {
      const description = xml(
        "description",
        { xmlns: ns.rtp, media: text },
        xml("screen", { xmlns: ns.core, id: text }),
      );
      const jingle = xml(
        "jingle",
        { xmlns: ns.jingle, action, sid: text },
        xml("content", { name: text }, description, odd),
        xml("reason", {}, odd),
      );
      const forged = xml("user", { xmlns: ns.core, sid: text, rid: text }, text);
      const all: Stanza[] = [
        ["message", { type: "groupchat" }, "room", [xml("body", {}, text), forged, odd]],
        ["message", { type: "groupchat" }, "room", [xml("rtt", { xmlns: ns.rtt, event: text }), odd]],
        ["message", { type: "chat" }, "peer", [xml("body", {}, text), forged, odd]],
        ["presence", {}, "me", [forged, xml("status", {}, text), odd]],
        ["iq", { type: "set", id: text }, "peer", [jingle]],
        ["iq", { type: "set", id: text }, "me", [jingle]],
        ["iq", { type: "set", id: text }, "api", [
          xml("batch", { xmlns: ns.outbox, source: text }, text),
          odd,
        ]],
      ];
      return all[which]!;
    },
  );
/** A stanza of any shape. */
export const stanza = fc.oneof(free, likely, { weight: 2, arbitrary: mucStanza });
