/**
 * What Talky's clients send in a call, as the SDK does it.
 *
 * @module
 */
import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { hosts, namespaces as ns, type Session } from "./xmpp.ts";

export const room = `daily@${hosts.rooms}`;

/** Sends, and waits until Prosody has dealt with it: connections are not in order with each other. */
export async function send(session: Session, stanza: Element) {
  await session.client.send(stanza);
  await session.request(xml("iq", { type: "get", to: hosts.guests }, xml("ping", "urn:xmpp:ping")));
}

export const enter = (session: Session, extra: Element[] = [], nick = session.id) =>
  send(session, xml("presence", { to: `${room}/${nick}` }, xml("x", ns.muc, ...extra)));
export const leave = (session: Session) =>
  send(
    session,
    xml("presence", { to: `${room}/${session.id}`, type: "unavailable" }, xml("status", {}, "bye")),
  );
export const say = (session: Session, ...children: Element[]) =>
  send(session, xml("message", { to: room, type: "groupchat" }, ...children));
/** Submits settings of the room, by the names of their fields without `muc#roomconfig_`. */
export const submit = (session: Session, settings: Record<string, string[]>) =>
  session.request(xml(
    "iq",
    { type: "set", to: room },
    xml(
      "query",
      `${ns.muc}#owner`,
      xml(
        "x",
        { xmlns: "jabber:x:data", type: "submit" },
        field("FORM_TYPE", `${ns.muc}#roomconfig`),
        ...Object.entries(settings).map(([name, values]) => field(`muc#roomconfig_${name}`, ...values)),
      ),
    ),
  ));
export const configure = (session: Session, secret: string) =>
  submit(session, { passwordprotectedroom: ["1"], roomsecret: [secret] });
export const field = (name: string, ...values: string[]) =>
  xml("field", { var: name }, ...values.map((value) => xml("value", {}, value)));
export const admin = (session: Session, item: Element) =>
  session.request(xml("iq", { type: "set", to: room }, xml("query", `${ns.muc}#admin`, item)));

type Jingle = [from: Session, to: Session, action: string, sid: string, ...children: Element[]];
const jingleIq = (...[, to, action, sid, ...children]: Jingle) =>
  xml(
    "iq",
    { type: "set", to: `${room}/${to.id}`, id: crypto.randomUUID() },
    xml("jingle", { xmlns: ns.jingle, action, sid }, ...children),
  );
export const jingle = (...request: Jingle) => send(request[0], jingleIq(...request));
/** Sends a Jingle request, and waits for the peer's answer. */
export const ask = (...request: Jingle) => request[0].request(jingleIq(...request));
export const content = (media: string, ...children: Element[]) =>
  xml(
    "content",
    { creator: "initiator", name: media },
    xml("description", { xmlns: ns.rtp, media }, ...children),
  );
export const screen = (id: string) => content("video", xml("screen", { xmlns: ns.core, id }));
export const mute = (name: string, medium: string) =>
  xml(name, { xmlns: ns.rtpInfo, creator: "initiator", name: medium });
