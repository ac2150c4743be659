import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import { findProgram } from "../../local/find_program.ts";
import { many } from "../harness/prosody.ts";
import { until } from "../harness/wait.ts";
import { scenario } from "./scenario.ts";
import { enter, room, send } from "./stanzas.ts";
import { element, make, payloadsOf, type Target, targets, types } from "./xmpp_kinds.ts";
import { hosts, namespaces as ns, type Session } from "./xmpp.ts";

const isLong = Deno.env.get("TALKY_TEST_LONG") !== undefined;
const disco = "http://jabber.org/protocol/disco";

/** What passes: the same as talky/allowlist.lib.lua, said once more. Everything else is refused. */
const requests: Readonly<Record<string, readonly Target[]>> = {
  "get urn:xmpp:ping ping": ["none", "own account", "own host", "self", "peer"],
  [`get ${disco}#info query`]: [
    ...["none", "own account", "own host", "rooms' host", "room", "foreign room"] as const,
    ...["self", "peer"] as const,
  ],
  [`get ${disco}#items query`]: ["own host", "rooms' host"],
  "get jabber:iq:roster query": ["none", "own account"],
  "set urn:ietf:params:xml:ns:xmpp-session session": ["none", "own account", "own host"],
  // An empty form is refused by the room itself, and what is none by mod_talky_guard.
  [`get ${ns.muc}#owner query`]: ["room"],
  "set urn:xmpp:jingle:1 jingle": ["self", "peer"],
};

/** The condition of what answers a stanza; `result`, or `passed` to the one it is for. */
const conditionOf = (stanza: Element) =>
  stanza.attrs.type === "error" ? stanza.getChild("error")!.children.at(0).name : "result";

/** Sends all of them, and gives what each was answered with, by its id. */
async function sendAll(from: Session, peer: Session, stanzas: readonly Element[]) {
  const answers = new Map<string, string>();
  for (let at = 0; at < stanzas.length; at += 500) {
    for (const stanza of stanzas.slice(at, at + 500)) await from.client.write(stanza.toString());
    // Once the peer hears of the end it has heard of all before, and its answers come before its own end.
    await tell(from, peer);
    await tell(peer, from);
    for (const answer of from.received) answers.set(answer.attrs.id, conditionOf(answer));
    from.received.length = 0;
  }
  return answers;
}

async function tell(from: Session, to: Session) {
  const id = crypto.randomUUID();
  await send(from, xml("message", { to: `${room}/${to.id}`, type: "chat", id }));
  await until("word of the end", () => to.received.some(({ attrs }) => attrs.id === id));
}

scenario("of all that XMPP has, a call's share is answered, and the rest refused", async (stage) => {
  const [a, b, outsider] = await stage.people("A", "B", "C");
  for (const session of [a, b]) await enter(session);
  const foreign = `foreign@${hosts.rooms}`;
  await send(outsider, xml("presence", { to: `${foreign}/${outsider.id}` }, xml("x", ns.muc)));
  outsider.received.length = 0;

  const program = stage.release.program ?? (await findProgram("prosody"))!;
  const payloads = await payloadsOf(program);
  for (const known of ["jabber:iq:roster query", "vcard-temp vCard", "urn:xmpp:carbons:2 enable"]) {
    assert.ok(payloads.includes(known), `${known} is found in Prosody's modules`);
  }
  const places = Object.entries(targets(a, b, outsider, room, foreign)) as [Target, string | undefined][];
  const sent = new Map<string, string>();
  // Of what nobody should be answered, a third of those whom it could be for, in turn.
  const stanzas = payloads.flatMap((payload) =>
    ["get", "set"].flatMap((type) =>
      places.filter((_, at) => isLong || `${type} ${payload}` in requests || (at + payload.length) % 3 === 0)
        .map(([target, to]) => {
          const stanza = make("iq", type, to, element(payload));
          sent.set(stanza.attrs.id, `${type} ${payload} | ${target}`);
          return stanza;
        })
    )
  );
  const answers = await sendAll(a, b, stanzas);
  const unanswered = [...sent].filter(([id]) => !answers.has(id)).map(([, what]) => what);
  assert.deepEqual(unanswered, [], "each request is answered");
  const succeeded = [...sent].filter(([id]) => answers.get(id) === "result").map(([, what]) => what);
  const listed = Object.entries(requests).flatMap(([request, at]) =>
    at.map((place) => `${request} | ${place}`)
  );
  // What a peer answers, it answers: here with errors for what xmpp.js does not know.
  const byPeer = (what: string) => /jingle|#info query \| (self|peer)|ping \| peer/.test(what);
  assert.deepEqual(
    succeeded.filter((what) => !byPeer(what)).sort(),
    listed.filter((what) => !byPeer(what)).sort(),
  );
  assert.deepEqual(outsider.received.map(String), [], "nobody outside was asked anything");
}, { bounds: many });

/** Presence and messages that pass, by type and for whom; those to others than rooms' host as for requests. */
const passing = {
  presence: {
    "": ["none", "own account", "room", "self"],
    // Out of a room leads every address in it (XEP-0045 §7.14 has the own one).
    unavailable: ["none", "own account", "room", "self", "peer", "nobody in the room"],
  } as Record<string, readonly Target[]>,
  message: {
    "": ["self", "peer"],
    normal: ["self", "peer"],
    chat: ["self", "peer"],
    groupchat: ["room"],
  } as Record<string, readonly Target[]>,
};

scenario("presence and messages of every type: into rooms, within them, and nowhere else", async (stage) => {
  const [a, b, outsider] = await stage.people("A", "B", "C");
  const foreign = `foreign@${hosts.rooms}`;
  await send(outsider, xml("presence", { to: `${foreign}/${outsider.id}` }, xml("x", ns.muc)));
  await enter(b);
  outsider.received.length = 0;
  const forged = xml("user", { xmlns: ns.core, sid: "someone" }, "{}");
  for (const name of ["presence", "message"] as const) {
    for (const type of types[name]) {
      for (const [target, to] of Object.entries(targets(a, b, outsider, room, foreign))) {
        // Each goes by itself: some take one out of the room.
        await enter(a);
        a.received.length = b.received.length = 0;
        const stanza = make(name, type, to, forged, xml("body", {}, "hello"));
        await send(a, stanza);
        const answer = a.received.find(({ attrs }) => attrs.id === stanza.attrs.id && attrs.type === "error");
        const what = `${name} of type "${type}" to ${target}`;
        const passes = passing[name][type]?.includes(target as Target) ?? false;
        assert.equal(answer !== undefined, !passes && type !== "error", `${what}: ${answer}`);
        await tell(b, b);
        for (const heard of [...a.received, ...b.received]) {
          assert.ok(heard.getChild("user", ns.core)?.attrs.sid !== "someone", `${what}: ${heard}`);
        }
      }
    }
  }
  assert.deepEqual(outsider.received.map(String), [], "nobody outside heard of it");
}, { bounds: many });
