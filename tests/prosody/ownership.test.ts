import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { until } from "../harness/wait.ts";
import { scenario } from "./scenario.ts";
import { admin, configure, enter, leave, room } from "./stanzas.ts";
import { hosts, join, namespaces as ns, type Session } from "./xmpp.ts";

/** The affiliation that somebody was last told to have in the room. */
function affiliation({ id, received }: Session): string | undefined {
  const own = received.filter((stanza) => stanza.is("presence") && stanza.attrs.from === `${room}/${id}`);
  return own.at(-1)?.getChild("x", `${ns.muc}#user`)?.getChild("item")?.attrs.affiliation;
}

const becomes = (session: Session, expected: string) =>
  until(`${session.id} becomes ${expected}`, () => affiliation(session) === expected);
const isResult = ({ attrs }: { attrs: { type?: string } }) => attrs.type === "result";

scenario(
  "a room whose owner is gone is owned by who has been there longest, who can unlock it",
  async (stage) => {
    const [a, b, c, d] = await stage.people("A", "B", "C", "D");
    for (const session of [a, b, c]) await enter(session);
    await configure(a, "hush");
    assert.deepEqual([affiliation(a), affiliation(b), affiliation(c)], ["owner", "none", "none"]);
    a.drop();
    await becomes(b, "owner");
    // As everybody is told, and with the role that goes with it.
    const seen = c.received.findLast((stanza) => stanza.attrs.from === `${room}/${b.id}`);
    const { attrs } = seen!.getChild("x", `${ns.muc}#user`)!.getChild("item")!;
    assert.deepEqual([attrs.affiliation, attrs.role], ["owner", "moderator"]);
    assert.equal(affiliation(c), "none");

    assert.ok(isResult(await configure(b, "")));
    await enter(d);
    await leave(b);
    await becomes(c, "owner");
    assert.equal(affiliation(d), "none");
  },
);

scenario(
  "an owner that comes back owns the room, without its password, and its heir no more",
  async (stage) => {
    const [a, b] = await stage.people("A", "B");
    await enter(a);
    await enter(b);
    await configure(a, "hush");
    a.drop();
    await becomes(b, "owner");
    // An heir looks after the room; whose it is, is not for it to say.
    for (const node of ["guest-a", "guest-b", "guest-c"]) {
      for (const wanted of ["owner", "outcast"]) {
        if (wanted === "outcast" && node === "guest-c") continue;
        const item = xml("item", { affiliation: wanted, jid: `${node}@${hosts.guests}` });
        assert.ok(!isResult(await admin(b, item)), `${node} ${wanted}`);
      }
    }
    // The same user in a new session.
    const again = await join(stage.prosody, "guest-a");
    await enter(again);
    await becomes(again, "owner");
    await becomes(b, "none");
    assert.ok(!String(b.received).includes("hush"), "the password is between the owner and the room");
    assert.ok(isResult(await configure(again, "")));
    assert.ok(!isResult(await configure(b, "mine")));
  },
);

scenario("whom an owner makes an owner stays one; who is no owner needs the password", async (stage) => {
  const [a, b, c] = await stage.people("A", "B", "C");
  await enter(a);
  await enter(b);
  assert.ok(isResult(await admin(a, xml("item", { affiliation: "owner", jid: `guest-b@${hosts.guests}` }))));
  await configure(a, "hush");
  await leave(a);
  await enter(c, [xml("password", {}, "wrong")]);
  assert.equal(affiliation(c), undefined);
  await enter(c, [xml("password", {}, "hush")]);
  await enter(a, [xml("password", {}, "wrong")]);
  await becomes(a, "owner");
  assert.deepEqual([affiliation(b), affiliation(c)], ["owner", "none"]);
});
