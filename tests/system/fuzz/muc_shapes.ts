/**
 * Stanzas in every namespace that a room deals with, nearly right: something is missing, doubled, of another
 * kind, or in another namespace than it should be.
 *
 * @module
 */
import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import fc from "fast-check";
import { field } from "../../prosody/stanzas.ts";
import { hosts, namespaces as ns } from "../../prosody/xmpp.ts";

/** A stanza to send; `to` may be a word for a place: room, me, peer, api … */
export type Stanza = [name: string, attributes: Record<string, string>, to: string, children: Element[]];

const words = (text: string) => text.trim().split(/\s+/);
const odd = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "0",
    "1",
    "-1",
    "1e9",
    "nan",
    "true",
    "x",
    "é".repeat(600),
    "a'b\"c<d>&",
    "\u202e",
  ),
  fc.constantFrom(
    ...words("none visitor participant moderator outcast member admin owner anyone moderators"),
  ),
  fc.constantFrom(`x@${hosts.guests}`, `x@${hosts.guests}/y`, hosts.guests, "@", "x@y", "room", "everybody"),
  fc.string({ unit: "grapheme", maxLength: 8 }),
);
/** One of these, and now and then something else. */
const among = (...likely: string[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...likely) }, { weight: 1, arbitrary: odd });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 });

/** An element whose attributes and children may each be missing, and whose namespace may be another's. */
function nearly(
  name: string,
  xmlns: string | undefined,
  attributes: Record<string, fc.Arbitrary<string>> = {},
  ...children: fc.Arbitrary<Element | string>[]
): fc.Arbitrary<Element> {
  return fc.tuple(
    fc.record(attributes, { requiredKeys: [] }),
    fc.oneof({ weight: 15, arbitrary: fc.constant(xmlns) }, {
      weight: 1,
      arbitrary: fc.constant("urn:example"),
    }),
    fc.tuple(...children.map((child) => fc.array(child, { maxLength: 2 }))),
  ).map(([attrs, xmlns, children]) => xml(name, { ...attrs, ...xmlns && { xmlns } }, ...children.flat()));
}

const text = (name: string, xmlns?: string) => nearly(name, xmlns, {}, odd);
const ids = among("m1", "");

// Forms -----------------------------------------------------------------------------------------------

const settings = words(`
  roomname roomdesc lang persistentroom publicroom moderatedroom membersonly whois changesubject
  historylength defaulthistorymessages presencebroadcast roomsecret passwordprotectedroom allowpm
`).map((name) => `muc#roomconfig_${name}`).concat([
  "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites",
  "{xmpp:prosody.im}muc#allow_modpm",
  "muc#role",
  "muc#jid",
  "muc#roomnick",
  "muc#request_allow",
  "muc#register_roomnick",
]);
const numbers = fc.constantFrom("-1", "0", "20", "1.5", "");
const values = fc.oneof(fc.array(odd, { maxLength: 3 }), numbers.map((number) => [number]));
const fields = fc.array(
  fc.tuple(among(...settings), values).map(([name, values]) => field(name, ...values)),
  { maxLength: 4 },
);
const form = (type: string) =>
  fc.tuple(among("submit", "submit", "submit", "cancel", "form"), seldom(fc.constant(type)), odd, fields)
    .map(([kind, rightType, otherType, fields]) =>
      xml("x", { xmlns: "jabber:x:data", type: kind }, field("FORM_TYPE", rightType ?? otherType), ...fields)
    );

// Requests --------------------------------------------------------------------------------------------

const { muc } = ns;
const query = (xmlns: string, attributes = {}, ...children: fc.Arbitrary<Element>[]) =>
  nearly("query", xmlns, attributes, ...children);
const item = nearly("item", undefined, {
  affiliation: among("owner", "admin", "member", "none", "outcast"),
  role: among("moderator", "participant", "visitor", "none"),
  jid: odd,
  nick: odd,
}, text("reason"));

const requests = fc.oneof(
  query(ns.disco, { node: among("x-roomuser-item", "http://jabber.org/protocol/muc#traffic") }),
  query("http://jabber.org/protocol/disco#items", { node: odd }),
  query(`${muc}#admin`, {}, item),
  query(`${muc}#owner`, {}, form(`${muc}#roomconfig`)),
  query(`${muc}#owner`, {}, form(`${muc}#roomconfig`)),
  query(`${muc}#owner`, {}, nearly("destroy", undefined, { jid: odd }, text("reason"), text("password"))),
  query("jabber:iq:register", {}, form(`${muc}#register`)),
  query("jabber:iq:register", {}, nearly("remove", undefined), text("username")),
  nearly("unique", `${muc}#unique`),
  nearly(
    "command",
    "http://jabber.org/protocol/commands",
    { node: among("http://prosody.im/protocol/muc#destroy", ""), action: odd, sessionid: odd },
    form("http://prosody.im/protocol/muc#destroy"),
  ),
  nearly("vCard", "vcard-temp", {}, nearly("PHOTO", undefined, {}, text("BINVAL"), text("TYPE")), text("FN")),
  nearly("ping", "urn:xmpp:ping"),
  nearly("time", "urn:xmpp:time"),
  query("jabber:iq:version"),
  query("jabber:iq:last"),
  query("jabber:iq:roster", {}, nearly("item", undefined, { jid: odd, name: odd, subscription: odd })),
  query("urn:xmpp:mam:2", {}, form("urn:xmpp:mam:2")),
  nearly(
    "moderate",
    "urn:xmpp:message-moderate:1",
    { id: ids },
    nearly("retract", "urn:xmpp:message-retract:1"),
  ),
  nearly("pubsub", "http://jabber.org/protocol/pubsub", {}, nearly("items", undefined, { node: odd })),
);

// Messages and presences ------------------------------------------------------------------------------

const mediated = nearly(
  "x",
  `${muc}#user`,
  {},
  nearly("invite", undefined, { to: odd, from: odd }, text("reason")),
  nearly("decline", undefined, { to: odd, from: odd }, text("reason")),
  nearly("item", undefined, { role: odd, affiliation: odd }),
  text("password"),
);
const retract = nearly("retract", "urn:xmpp:message-retract:0");
const payloads = fc.oneof(
  text("body"),
  text("subject"),
  text("thread"),
  mediated,
  form(`${muc}#request`),
  nearly("rtt", ns.rtt, { event: among("init", "cancel", "edit") }),
  nearly("replace", "urn:xmpp:message-correct:0", { id: ids }),
  nearly(
    "retract",
    "urn:xmpp:message-retract:1",
    { id: ids },
    nearly("moderated", "urn:xmpp:message-moderate:1"),
  ),
  nearly(
    "apply-to",
    "urn:xmpp:fasten:0",
    { id: ids },
    retract,
    nearly("moderated", "urn:xmpp:message-moderate:0"),
  ),
  nearly("reactions", "urn:xmpp:reactions:0", { id: ids }, text("reaction")),
  nearly("displayed", "urn:xmpp:chat-markers:0", { id: ids }),
  nearly("encrypted", "urn:xmpp:omemo:2"),
  nearly("encryption", "urn:xmpp:eme:0", { namespace: odd, name: odd }),
  nearly(
    "fallback",
    "urn:xmpp:fallback:0",
    { for: odd },
    nearly("body", undefined, { start: odd, end: odd }),
  ),
  nearly("composing", "http://jabber.org/protocol/chatstates"),
  nearly("delay", "urn:xmpp:delay", { stamp: odd, from: odd }),
  nearly("occupant-id", "urn:xmpp:occupant-id:0", { id: odd }),
  nearly("no-store", "urn:xmpp:hints"),
  nearly("x", "jabber:x:conference", { jid: odd }),
);
const errors = nearly(
  "error",
  undefined,
  { type: among("cancel", "wait") },
  nearly("item-not-found", "urn:ietf:params:xml:ns:xmpp-stanzas"),
  nearly("unknown-session", "urn:xmpp:jingle:errors:1"),
);
const shown = fc.oneof(
  nearly(
    "x",
    muc,
    {},
    text("password"),
    nearly("history", undefined, { maxchars: odd, maxstanzas: odd, seconds: odd, since: odd }),
  ),
  text("status"),
  text("show"),
  text("priority"),
  nearly("x", "vcard-temp:x:update", {}, text("photo")),
  nearly("hats", "urn:xmpp:hats:0", {}, nearly("hat", undefined, { uri: odd, title: odd })),
  nearly("c", "http://jabber.org/protocol/caps", { node: odd, ver: odd }),
  mediated,
);

/** The room where whoever pesters is one of many, the one that is theirs, and whatever else there is. */
const target = fc.constantFrom(
  ...[
    "room",
    "room",
    "own",
    "own",
    "own",
    "me",
    "mine",
    "peer",
    "nobody",
    "account",
    hosts.rooms,
    hosts.guests,
  ],
);
const attributes = (type: fc.Arbitrary<string | undefined>) =>
  type.map((type): Record<string, string> => type === undefined ? {} : { type });

/** A stanza in a namespace that a room deals with. */
export const mucStanza: fc.Arbitrary<Stanza> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constant("iq"), attributes(among("get", "set")), target, fc.tuple(requests)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant("message"),
      attributes(among("groupchat", "groupchat", "normal", "chat", "headline")),
      target,
      fc.array(payloads, { maxLength: 4 }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant("presence"),
      attributes(
        fc.constantFrom(undefined, undefined, "unavailable", "probe", "subscribe", "unsubscribed", "x"),
      ),
      target,
      fc.array(shown, { maxLength: 3 }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom("iq", "message", "presence"),
      fc.constant({ type: "error", id: "m1" }),
      target,
      fc.tuple(errors),
    ),
  },
  // Back into what it was thrown out of, or has destroyed.
  {
    weight: 1,
    arbitrary: fc.constantFrom<Stanza>(
      ["presence", {}, "mine", [xml("x", muc)]],
      ["presence", {}, "me", [xml("x", muc)]],
    ),
  },
);
