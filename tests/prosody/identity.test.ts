import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { signCredential } from "../../auth/credential.ts";
import { deriveKeys } from "../../auth/keys.ts";
import { signToken } from "../../auth/signed.ts";
import { until } from "../harness/wait.ts";
import { joined, scenario, started } from "./scenario.ts";
import { enter, room, say, send } from "./stanzas.ts";
import { hosts, logIn, namespaces as ns, type Session } from "./xmpp.ts";

const forged = xml("user", { xmlns: ns.core, sid: "someone" }, '{"displayName":"Admin"}');

/** The conditions of the errors that a session was answered with. */
function refusals({ received }: Session): string[] {
  return received.filter((stanza) => stanza.attrs.type === "error")
    .map((stanza) => stanza.getChild("error").children[0].name);
}

scenario("a room takes clients only, under their session id", async ({ people, expect, subscriber }) => {
  const [a, b] = await people("A", "B");
  const anotherNick = crypto.randomUUID();
  await enter(a, [], anotherNick);
  // mod_muc would take its own host for a room.
  await send(a, xml("presence", { to: `${hosts.rooms}/${a.id}` }, xml("x", ns.muc)));
  await send(
    subscriber.session,
    xml("presence", { to: `${room}/${subscriber.session.id}` }, xml("x", ns.muc)),
  );
  assert.deepEqual(refusals(a), ["not-acceptable", "service-unavailable"]);
  // With the ping behind it, which is not for the outbox either.
  assert.deepEqual(refusals(subscriber.session), ["service-unavailable", "service-unavailable"]);
  // Nothing is left behind of what was refused: who comes now is the first.
  await enter(b);
  await expect(started("A"), started("B"), 'room_created B {"name":"daily"}', joined("B", "owner"));
  // Into a room that is there, another way leads than into one that is not; within it, one more.
  await enter(a, [], anotherNick);
  await enter(b, [], anotherNick);
  await expect();
  assert.deepEqual(refusals(a), ["not-acceptable", "service-unavailable", "not-acceptable"]);
  assert.deepEqual(refusals(b), ["not-acceptable"]);
});

scenario("identities are given, not claimed", async ({ people, expect, subscriber }) => {
  const [a, b, c] = await people("A", "B", "C");
  await send(a, xml("presence", { to: `${room}/${a.id}` }, xml("x", ns.muc), forged));
  await enter(b);
  await say(a, xml("body", {}, "hi"), forged);
  await send(a, xml("presence", { to: `${room}/${a.id}` }, forged));
  await send(a, xml("message", { to: `${room}/${b.id}`, type: "chat" }, xml("body", {}, "hi, B"), forged));
  // To whom A's presence is told as it was kept.
  await enter(c);
  await send(a, xml("presence", { to: `${room}/${a.id}`, type: "unavailable" }, forged));
  await expect(
    ...[started("A"), started("B"), started("C"), 'room_created A {"name":"daily"}', joined("A", "owner")],
    ...[joined("B"), 'message_sent A {"length":2}', joined("C"), 'occupant_left A {"cause":"left"}'],
  );
  const created = subscriber.records.find((record) => record.type === "room_created");
  const fromA = () => b.received.filter((stanza) => stanza.attrs.from === `${room}/${a.id}`);
  await until("two presences, two messages and a goodbye", () => fromA().length === 5);
  const kept = c.received.find((stanza) => stanza.is("presence") && stanza.attrs.from === `${room}/${a.id}`);
  for (const stanza of [...fromA().slice(0, 3), kept!]) {
    const users = stanza.getChildren("user", ns.core);
    assert.equal(users.length, 1);
    assert.deepEqual(users[0]?.attrs, { xmlns: ns.core, sid: a.id, rid: created?.room.id });
    assert.equal(users[0]?.text(), "{}");
  }
  for (const stanza of fromA().slice(3)) assert.equal(stanza.getChild("user", ns.core), undefined);
});

scenario("nobody but the API reads the outbox, nobody but Prosody writes to the API", async (stage) => {
  const [a] = await stage.people("A");
  for (
    const request of [
      xml("iq", { type: "set", to: hosts.rooms }, xml("subscribe", { xmlns: ns.outbox })),
      xml("iq", { type: "get", to: hosts.rooms }, xml("status", { xmlns: ns.outbox })),
      xml("iq", { type: "set", to: stage.subscriber.session.jid }, xml("batch", { xmlns: ns.outbox }, "{}")),
      xml(
        "iq",
        { type: "get", to: stage.subscriber.session.jid },
        xml("session", { xmlns: "urn:talky:session:1", sid: a.id }),
      ),
    ]
  ) {
    const answer = await a.request(request);
    assert.ok(answer.getChild("error")?.getChild("forbidden"), String(answer));
  }
});

scenario("a user logs in under a name with escapes, or as clients undo them", async ({ prosody }) => {
  for (const node of ["ada\\40example.com", "a\\20b\\2fc", "{41}da", "a{5c}20b"]) {
    // As stanza does, which Talky's SDK is built on.
    const undone = node.replace(/\\([2-5][0-9a-f])/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
    for (const username of [node, undone]) {
      const id = crypto.randomUUID();
      const password = await signCredential(
        prosody.keys,
        { sessionid: id, userid: `${node}@${hosts.users}` },
        60,
      );
      const session = await logIn(prosody, { domain: hosts.users, username, password, id });
      assert.equal(session.jid, `${node}@${hosts.users}/${id}`);
    }
  }
});

scenario("a credential is good for one user, one host, its time, and one resource", async ({ prosody }) => {
  const id = crypto.randomUUID();
  const session = { sessionid: id, userid: `x@${hosts.guests}` };
  const good = await signCredential(prosody.keys, session, 60);
  const old = await signCredential(prosody.keys, session, -1);
  const foreign = await signCredential(
    await deriveKeys("a secret of somebody else, 32 bytes long"),
    session,
    60,
  );
  const early = await signToken(
    prosody.keys.session,
    { scope: "session", sid: id, sub: "x", aud: hosts.guests, nbf: Math.floor(Date.now() / 1000) + 3600 },
    7200,
  );
  const [header, payload, signature] = good.split(".") as [string, string, string];
  const unsigned = `${btoa('{"alg":"none","typ":"JWT"}').replaceAll("=", "")}.${payload}.`;
  const other = btoa(
    JSON.stringify({
      ...JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))),
      sid: crypto.randomUUID(),
    }),
  ).replaceAll(
    "=",
    "",
  );
  for (
    const [domain, username, password] of [
      [hosts.guests, "y", good],
      [hosts.users, "x", good],
      [hosts.guests, "x", old],
      [hosts.guests, "x", early],
      [hosts.guests, "x", good.slice(0, -2)],
      [hosts.guests, "x", `${header}.${other}.${signature}`],
      [hosts.guests, "x", foreign],
      [hosts.guests, "x", unsigned],
      [hosts.guests, "x", `${unsigned}${signature}`],
      [hosts.guests, "x", "nonsense"],
    ] as const
  ) {
    await assert.rejects(logIn(prosody, { domain, username, password, id }), /not-authorized/);
  }
  const x = await logIn(prosody, {
    domain: hosts.guests,
    username: "x",
    password: good,
    resource: "mine",
    id,
  });
  assert.equal(x.jid, `x@${hosts.guests}/${id}`);
  await x.close();
});
