import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { scenario } from "./scenario.ts";
import { admin, enter, room, send } from "./stanzas.ts";
import { until } from "../harness/wait.ts";
import { hosts, namespaces as ns, type Session } from "./xmpp.ts";

const most = 20;

const named = (name: string) => `${name}@${hosts.rooms}`;
const join = (session: Session, name: string) =>
  session.request(
    xml(
      "presence",
      { to: `${named(name)}/${session.id}`, id: `${name}-${crypto.randomUUID()}` },
      xml("x", ns.muc),
    ),
  );

/** Enters a room, and gives the condition it was refused with. */
async function refusal(session: Session, name: string): Promise<string | undefined> {
  return (await join(session, name)).getChild("error")?.children.at(0).name;
}

scenario("a session is in so many rooms at once, and leaves each of them when it goes", async (stage) => {
  const [a, b] = await stage.people("A", "B");
  await enter(b);
  for (let i = 0; i < most; i++) assert.equal(await refusal(a, `room-${i}`), undefined);
  // Neither a new one nor one that is there.
  assert.equal(await refusal(a, "one-more"), "resource-constraint");
  assert.equal(await refusal(a, "daily"), "resource-constraint");
  // What it is in, it may enter again; and others may enter.
  assert.equal(await refusal(a, "room-3"), undefined);
  assert.equal(await refusal(b, "room-3"), undefined);
  // Out of one by leaving, out of another by being sent away.
  await send(a, xml("presence", { to: `${named("room-0")}/${a.id}`, type: "unavailable" }));
  assert.equal(await refusal(a, "one-more"), undefined);
  assert.equal(await refusal(a, "daily"), "resource-constraint");
  await send(a, xml("presence", { to: `${named("one-more")}/${a.id}`, type: "unavailable" }));
  assert.equal(await refusal(a, "daily"), undefined);
  await admin(b, xml("item", { nick: a.id, role: "none" }));
  assert.equal(await refusal(a, "room-0"), undefined);

  const left = () => stage.subscriber.records.filter(({ type }) => type === "occupant_left").length;
  const before = left();
  a.drop();
  await until("all are left", () => left() === before + most);
  const ended = stage.subscriber.records.filter(({ type }) => type === "room_destroyed").length;
  assert.equal(ended, most + 1, "all but those with somebody else in them are over");
});

scenario("outsiders are not told how many are in a room, and no room is listed", async (stage) => {
  const [a, b] = await stage.people("A", "B");
  await enter(a);
  const ask = (session: Session, to: string, xmlns: string) =>
    session.request(xml("iq", { type: "get", to }, xml("query", xmlns)));
  const [inside, outside] = [await ask(a, room, ns.disco), await ask(b, room, ns.disco)];
  assert.match(String(inside), /muc#roominfo_occupants"[^>]*><value>1</);
  assert.doesNotMatch(String(outside), /occupants/);
  // What the SDK asks for before it shows that a password is needed.
  assert.match(String(outside), /<feature var="muc_unsecured"/);
  const items = await ask(b, hosts.rooms, "http://jabber.org/protocol/disco#items");
  assert.equal(items.attrs.type, "result");
  assert.equal(items.getChild("query")?.children.length, 0);
});

const mostUsers = 50;

scenario("a room remembers so many users, and no more", async (stage) => {
  const [a] = await stage.people("A");
  await enter(a);
  const ban = (i: number, affiliation = "outcast") =>
    admin(a, xml("item", { jid: `somebody-${i}@${hosts.guests}`, affiliation }));
  // The owner is one of them.
  for (let i = 1; i < mostUsers; i++) assert.equal((await ban(i)).attrs.type, "result");
  const refused = (await ban(mostUsers)).getChild("error");
  assert.ok(refused?.getChild("resource-constraint"), String(refused));
  assert.equal((await ban(5, "none")).attrs.type, "result");
  assert.equal((await ban(6, "member")).attrs.type, "result");
  assert.equal((await ban(mostUsers)).attrs.type, "result");
}, { bounds: { talky_affiliations_per_room: mostUsers } });

scenario("a farewell of any length takes little of the outbox", async (stage) => {
  const [a] = await stage.people("A");
  await enter(a);
  const status = xml("status", {}, "é".repeat(10_000));
  await send(a, xml("presence", { to: `${room}/${a.id}`, type: "unavailable" }, status));
  const left = () => stage.subscriber.records.find(({ type }) => type === "occupant_left");
  const record = await until("the farewell", left);
  assert.deepEqual(record.data, { cause: "left", reason: "é".repeat(100) });
});
