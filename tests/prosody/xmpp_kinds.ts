/**
 * Every kind of stanza there is: what a release of Prosody could answer, read from the source of all its
 * modules, loaded or not, and every type of presence and message, for everybody there is to send it to.
 *
 * @module
 */
import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { hosts } from "./xmpp.ts";

/** The payload of a request: `NAMESPACE NAME`. */
export type Payload = string;

/** What the modules of the Prosody at `program`, and ours, hook or speak of. */
export async function payloadsOf(program: string): Promise<Payload[]> {
  const launcher = await Deno.readTextFile(program);
  const source = /^CFG_SOURCEDIR\s*=\s*['"](.*?)['"]/m.exec(launcher)![1]!;
  const found = new Set<Payload>();
  for (const folder of [`${source}/modules`, new URL("../../prosody/modules", import.meta.url).pathname]) {
    for await (const file of luaFiles(folder)) {
      const text = await Deno.readTextFile(file);
      for (const [, xmlns, name] of text.matchAll(hooked)) found.add(`${xmlns} ${name}`);
      const names = [...text.matchAll(ending)].map(([, name]) => name!);
      for (const [, xmlns] of text.matchAll(namespace)) {
        for (const name of ["query", ...names]) found.add(`${xmlns} ${name}`);
      }
    }
  }
  return [...found];
}

/** Whom a stanza may be for, from somebody in the room with a peer, and with another outside. */
export function targets(own: Place, peer: Place, outsider: Place, room: string, foreignRoom: string) {
  const nobody = `nobody@${hosts.guests}`;
  return {
    none: undefined,
    "own account": bare(own.jid),
    "own session": own.jid,
    "own host": hosts.guests,
    "other host": hosts.users,
    "rooms' host": hosts.rooms,
    room,
    "foreign room": foreignRoom,
    "no room": `no-such-room@${hosts.rooms}`,
    self: `${room}/${own.id}`,
    peer: `${room}/${peer.id}`,
    "nobody in the room": `${room}/nobody`,
    "a nick of no room": `${hosts.rooms}/nick`,
    "peer's account": bare(peer.jid),
    "peer's session": peer.jid,
    "outsider's account": bare(outsider.jid),
    "outsider's session": outsider.jid,
    "no account": nobody,
    "no session": `${nobody}/x`,
    "a nick of the own host": `${hosts.guests}/x`,
    remote: "example.com",
    "remote account": "somebody@example.com",
  } as const;
}

/** A name of somebody that a stanza may be for. */
export type Target = keyof ReturnType<typeof targets>;

/** The types of each kind that is no request, those of RFC 6121 and one that is none. */
export const types = {
  presence: [
    ...["", "unavailable", "error", "probe", "subscribe", "subscribed", "unsubscribe", "unsubscribed"],
    ...["invisible", "nonsense"],
  ],
  message: ["", "normal", "chat", "groupchat", "headline", "error", "nonsense"],
} as const;

/** A stanza of a kind. */
export function make(name: string, type: string, to: string | undefined, ...children: Element[]): Element {
  return xml(name, {
    xmlns: "jabber:client",
    id: crypto.randomUUID(),
    ...type !== "" && { type },
    ...to !== undefined && { to },
  }, ...children);
}

/** The element that a payload says. */
export function element(payload: Payload): Element {
  const [xmlns = "", name = ""] = payload.split(" ");
  return xml(name, { xmlns });
}

// ---

interface Place {
  readonly id: string;
  readonly jid: string;
}

const bare = (jid: string) => jid.split("/")[0]!;

const hooked = /iq(?:-\w+)?\/\w+\/([^"'\s]+?):([A-Za-z][\w-]*)["']/g;
const ending = /["':]:([A-Za-z][\w-]*)["']/g;
const namespace = /["']((?:urn:|http:\/\/|jabber:|vcard-temp)[^"'\s]*?)["']/g;

async function* luaFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* luaFiles(`${folder}/${name}`);
    else if (name.endsWith(".lua")) yield `${folder}/${name}`;
  }
}
