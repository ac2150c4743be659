/**
 * The stanzas of a Talky client, in the shapes that the SDK gives them.
 *
 * @module
 */
import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import type { Medium } from "./action.ts";

/** The namespaces of a call. */
export const ns = {
  core: "https://talky.io/ns/core",
  chatStates: "http://jabber.org/protocol/chatstates",
  disco: "http://jabber.org/protocol/disco#info",
  form: "jabber:x:data",
  jingle: "urn:xmpp:jingle:1",
  mmuc: "http://andyet.net/xmlns/mmuc",
  muc: "http://jabber.org/protocol/muc",
  mucAdmin: "http://jabber.org/protocol/muc#admin",
  mucOwner: "http://jabber.org/protocol/muc#owner",
  mucUser: "http://jabber.org/protocol/muc#user",
  rtp: "urn:xmpp:jingle:apps:rtp:1",
  rtpInfo: "urn:xmpp:jingle:apps:rtp:info:1",
  rtt: "urn:xmpp:rtt:0",
  ice: "urn:xmpp:jingle:transports:ice-udp:1",
} as const;

/** Into a room. `address` is the room's JID with the nick. */
export function join(address: string, password?: string): Element {
  const x = xml("x", ns.muc, ...password === undefined ? [] : [xml("password", {}, password)]);
  return xml("presence", { to: address }, x);
}

/** Ready to call and be called. */
export function joinCall(room: string): Element {
  return xml("presence", { to: room }, xml("conf", { xmlns: ns.mmuc, media: "video" }));
}

/** Out of a room. */
export function leave(address: string): Element {
  return xml("presence", { to: address, type: "unavailable" });
}

/** Sets or, with an empty secret, takes away the room's password. Says "protected" either way. */
export function lock(room: string, secret: string): Element {
  const fields = {
    "FORM_TYPE": "http://jabber.org/protocol/muc#roomconfig",
    "muc#roomconfig_whois": "moderators",
    "muc#roomconfig_roomsecret": secret,
    "muc#roomconfig_passwordprotectedroom": "1",
  };
  const form = Object.entries(fields).map(([name, value]) =>
    xml("field", { var: name }, xml("value", {}, value))
  );
  return request(room, xml("query", ns.mucOwner, xml("x", { xmlns: ns.form, type: "submit" }, ...form)));
}

/** Bans by room address, where XEP-0045 wants a bare JID. */
export function ban(room: string, nick: string): Element {
  const item = xml("item", { affiliation: "outcast", jid: `${room}/${nick}` });
  return request(room, xml("query", ns.mucAdmin, item));
}

/** Ends the room for everybody. */
export function destroy(room: string): Element {
  return request(room, xml("query", ns.mucOwner, xml("destroy")));
}

/** Asks a room what it is. */
export function lookAt(room: string): Element {
  return xml("iq", { type: "get", to: room, id: crypto.randomUUID() }, xml("query", ns.disco));
}

/** A chat message; without a text, the news that somebody is about to write one. */
export function say(room: string, text?: string): Element {
  const content = text === undefined ? xml("composing", ns.chatStates) : xml("body", {}, text);
  return xml("message", { to: room, type: "groupchat" }, content);
}

/** Real-time text. An edit carries what was typed and no event. */
export function type(room: string, event: "init" | "edit" | "cancel"): Element {
  const rtt = event === "edit"
    ? xml("rtt", { xmlns: ns.rtt, seq: "1" }, xml("t", {}, "typing"))
    : xml("rtt", { xmlns: ns.rtt, event, seq: "0" });
  return xml("message", { to: room, type: "groupchat" }, rtt);
}

/** A Jingle request to a peer. */
export function jingle(peer: string, action: string, sid: string, ...children: Element[]): Element {
  return request(peer, xml("jingle", { xmlns: ns.jingle, action, sid }, ...children));
}

/** What a session carries. */
export function contents(media: readonly Medium[]): Element[] {
  return media.map((medium) =>
    xml(
      "content",
      { creator: "initiator", name: medium, senders: "initiator" },
      xml("description", { xmlns: ns.rtp, media: medium }, xml("payload-type", payloads[medium])),
      xml("transport", { xmlns: ns.ice, ufrag: "talk", pwd: "y".repeat(22) }),
    )
  );
}

/** Says, after the offer, that the session's video is a screen. */
export function screenInfo(screen: string): Element {
  return xml(
    "content",
    { creator: "initiator", name: "video" },
    xml("description", { xmlns: ns.rtp }, xml("screen", { xmlns: ns.core, id: screen })),
  );
}

/** Says that camera or microphone pause, or go on. */
export function pause(kind: "pause" | "resume", medium: Medium): Element {
  const name = kind === "pause" ? "mute" : "unmute";
  return xml(name, { xmlns: ns.rtpInfo, creator: "initiator", name: medium });
}

/** Why a session ends. */
export function reason(condition: string): Element {
  return xml("reason", {}, xml(condition));
}

/** The numbers in a room's presence that say what it is about (XEP-0045 §15.6). */
export function statusCodes(presence: Element): string[] {
  const x = presence.getChild("x", ns.mucUser);
  return x?.getChildren("status").map((status: Element) => status.attrs.code) ?? [];
}

// ---

const payloads = {
  audio: { id: "111", name: "opus", clockrate: "48000", channels: "2" },
  video: { id: "96", name: "VP8", clockrate: "90000" },
} as const;

function request(to: string, child: Element): Element {
  return xml("iq", { type: "set", to, id: crypto.randomUUID() }, child);
}
