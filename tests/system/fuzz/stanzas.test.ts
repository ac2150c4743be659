import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import fc from "fast-check";
import { many, type TestProsody, testProsody } from "../../harness/prosody.ts";
import { prosodyTest } from "../../harness/prosody_releases.ts";
import { until } from "../../harness/wait.ts";
import { enter, room } from "../../prosody/stanzas.ts";
import { hosts, ingest, join, namespaces as ns, type Session, Subscriber } from "../../prosody/xmpp.ts";
import { samples, torn } from "./malformed.ts";
import { keepingSlim } from "./memory.ts";
import type { Stanza } from "./muc_shapes.ts";
import { element, stanza } from "./stanza_shapes.ts";

/** The room of whoever pesters, and nobody else's. */
const own = `own@${hosts.rooms}`;

/** Stanzas sent before the next one waits for Prosody to have dealt with them. */
const atOnce = 50;

/** Whoever pesters, in a room with somebody who must not be deceived. */
async function pester(prosody: TestProsody, api: Subscriber, peer: Session) {
  const wrong = await join(prosody, "wrong");
  await enter(wrong);
  // xmpp.js fails on errors from addresses that it should not have used.
  wrong.client.removeAllListeners("element");
  const places: Record<string, string> = {
    room,
    own,
    me: `${room}/${wrong.id}`,
    mine: `${own}/${wrong.id}`,
    peer: `${room}/${peer.id}`,
    nobody: `${room}/nobody`,
    account: wrong.jid.split("/")[0]!,
    api: api.session.jid,
  };
  await wrong.client.send(xml("presence", { to: places.mine! }, xml("x", ns.muc)));
  const send = async (text: string) => await wrong.client.write(text).catch(() => {});
  /** Requests that Prosody is to answer, by id. */
  const asked = new Map<string, string>();
  return {
    stanza([name, attrs, to, children]: Stanza) {
      const isRequest = name === "iq" && (attrs.type === "get" || attrs.type === "set");
      // What is for another client is for that client to answer.
      const expected = isRequest && !["me", "mine", "peer", "api"].includes(to) && !to.includes("/");
      const id = expected ? { id: crypto.randomUUID() } : {};
      const stanza = xml(
        name,
        { ...attrs, ...id, xmlns: "jabber:client", to: places[to] ?? to },
        ...children,
      );
      if (id.id) asked.set(id.id, stanza.toString());
      return send(stanza.toString());
    },
    text: send,
    /** Whether it is still connected, when all it has sent was dealt with, and every request answered. */
    async settled() {
      const still = await answers(wrong);
      for (const { attrs } of wrong.received) asked.delete(attrs.id);
      if (still) assert.deepEqual([...asked.values()], [], "requests without an answer");
      wrong.received.length = 0;
      asked.clear();
      return still;
    },
    close: () => wrong.close().catch(() => {}),
  };
}

/** Whether Prosody answers a session, which then has been sent all that was due before. */
async function answers({ client, received }: Session): Promise<boolean> {
  const id = crypto.randomUUID();
  const ping = xml("iq", { type: "get", to: hosts.guests, id }, xml("ping", "urn:xmpp:ping"));
  await client.send(ping).catch(() => {});
  const answered = () => received.some((stanza) => stanza.attrs.id === id);
  // Half an element of one's own takes in what one sends after it.
  const patience = { interval: 2, timeout: 2000 };
  await until("an answer, or the end", () => answered() || client.status !== "online", patience).catch(
    () => {},
  );
  return answered();
}

/** What must hold of all that somebody in the room has received: nothing is said in another's name. */
function assertUndeceived(peer: Session): void {
  for (const stanza of peer.received) {
    const from = String(stanza.attrs.from ?? "");
    if (!from.startsWith(`${room}/`)) continue;
    for (const child of stanza.getChildElements()) assert.ok(!child.getNS()?.startsWith("urn:talky:"));
    const users = stanza.getChildren("user", ns.core);
    assert.ok(users.length <= 1, String(stanza));
    for (const user of users) assert.equal(user.attrs.sid, from.slice(room.length + 1), String(stanza));
  }
  peer.received.length = 0;
}

prosodyTest(
  "stanzas of any shape: Prosody goes on, answers each request, its records stay valid, and nobody is deceived",
  async (release) => {
    await using prosody = await testProsody({ bounds: many }, release);
    // It asserts that every record validates.
    const api = new Subscriber(await ingest(prosody, "api"));
    await api.subscribe();
    const peer = await join(prosody, "peer");
    await enter(peer);
    // Seldom something that is no XML, for it breaks the connection.
    const isText = fc.oneof(
      { weight: 100, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    );
    const sent = fc.record({ stanza, text: torn(element.map(String)), isText });
    let connections = 0;
    let wrong = await pester(prosody, api, peer);
    for await (const list of keepingSlim(prosody.pid, samples(sent, atOnce), () => answers(peer))) {
      for (const { stanza, text, isText } of list) await (isText ? wrong.text(text) : wrong.stanza(stanza));
      if (!await wrong.settled()) {
        await wrong.close();
        connections++;
        wrong = await pester(prosody, api, peer);
      }
      assert.ok(await answers(peer), "the peer is still there");
      assertUndeceived(peer);
    }
    await wrong.close();

    await until("all records", async () => await api.pending() === 0, { timeout: 60_000 });
    assert.ok(connections > 0, "some of it broke its own connection");
    const types = new Set(api.records.map(({ type }) => type));
    assert.ok(types.size > 5, [...types].join(" "));
    const log = await Deno.readTextFile(`${prosody.dataDir}/prosody/prosody.log`);
    assert.deepEqual(log.match(/^.*\serror\t.*$/gm) ?? [], [], "Prosody has logged no error");
  },
);
