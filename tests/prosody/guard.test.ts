import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import { scenario } from "./scenario.ts";
import { admin, enter, room, say, send, submit } from "./stanzas.ts";
import { hosts, namespaces as ns, type Session } from "./xmpp.ts";

const get = (query: string, ...children: Element[]) =>
  xml("iq", { type: "get", to: room }, xml("query", `${ns.muc}#${query}`, ...children));

/** Sends a message or request, and gives the condition of the error that answers it. */
async function refused(session: Session, stanza: Element): Promise<string> {
  const answer = await session.request(stanza);
  assert.equal(answer.attrs.type, "error", String(answer));
  return answer.getChild("error").children[0].name;
}

scenario("what mod_muc takes for granted is asked for", async ({ prosody, people }) => {
  const [a, outside] = await people("A", "B");
  await enter(a);
  const offered = String(await a.request(get("owner")));
  for (
    const [from, stanza, condition] of [
      [a, get("admin"), "bad-request"],
      [outside, get("admin"), "bad-request"],
    ] as const
  ) {
    assert.equal(await refused(from, stanza), condition, String(stanza));
  }
  const error = xml("error", { type: "cancel" }, xml("forbidden", "urn:ietf:params:xml:ns:xmpp-stanzas"));
  await send(a, xml("message", { to: `${room}/nobody`, type: "error" }, error));
  await send(a, xml("presence", { to: hosts.guests, type: "error" }, error));
  await send(a, xml("presence", { type: "error" }, error));
  await send(a, xml("presence", { to: a.jid.split("/")[0]!, type: "error" }, error));
  await send(a, xml("iq", { to: room, type: "error" }, error));
  // A picture of the room that is none, which would be looked at whenever somebody joins.
  const card = xml("vCard", "vcard-temp", xml("PHOTO", {}, xml("BINVAL", {}, "none")));
  assert.equal(await refused(a, xml("iq", { type: "set", to: room }, card)), "service-unavailable");
  await enter(outside);
  // Settings that it would take, and fail with at once or later.
  for (
    const settings of [
      { whois: ["everybody"] },
      { whois: [] },
      { presencebroadcast: [] },
      { presencebroadcast: ["moderator", "everybody"] },
      { historylength: ["-1"] },
      { historylength: ["many"] },
      { defaulthistorymessages: ["-1"] },
      // Of Prosody 13.
      ...offered.includes("muc#roomconfig_allowpm") ? [{ allowpm: ["friends"] }] : [],
    ]
  ) {
    const answer = await submit(a, settings as unknown as Record<string, string[]>);
    assert.equal(answer.getChild("error")?.children[0].name, "not-acceptable", String(answer));
    assert.match(answer.getChild("error").getChildText("text"), /^muc#roomconfig_\w+ takes /);
  }
  // As before: what is right goes through, and the room goes on.
  for (
    const settings of [{ whois: ["anyone"], presencebroadcast: ["moderator"], historylength: ["0"] }, {}]
  ) {
    assert.equal((await submit(a, settings)).attrs.type, "result");
  }
  assert.equal((await admin(a, xml("item", { nick: a.id, role: "moderator" }))).attrs.type, "result");
  await say(a, xml("body", {}, "hello"));
  const log = await Deno.readTextFile(`${prosody.dataDir}/prosody/prosody.log`);
  assert.deepEqual(log.match(/^.*\serror\t.*$/gm) ?? [], [], "Prosody has logged no error");
});
