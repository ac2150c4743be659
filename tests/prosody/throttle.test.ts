import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import { testProsody } from "../harness/prosody.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { enter, room, send } from "./stanzas.ts";
import { join, type Session } from "./xmpp.ts";

const ping = (id: string) =>
  `<iq xmlns="jabber:client" type="get" id="${id}"><ping xmlns="urn:xmpp:ping"/></iq>`;

/** How many of its pings a session has the answers to. */
const answered = ({ received }: Session) =>
  received.filter(({ attrs }) => String(attrs.id).startsWith("flood-")).length;

prosodyTest("who sends faster than a client may is read no faster, and loses nothing", async (release) => {
  const [perSecond, atOnce, sent] = [50, 200, 600];
  await using prosody = await testProsody({
    bounds: { talky_stanzas_per_second: perSecond, talky_stanzas_at_once: atOnce },
  }, release);
  const [flood, other] = [await join(prosody, "flood"), await join(prosody, "other")];
  const began = performance.now();
  for (let i = 0; i < sent; i++) await flood.client.write(ping(`flood-${i}`));
  // Others are answered meanwhile.
  while (answered(flood) < sent / 2) await send(other, xml("presence"));
  await until("the last one", () => answered(flood) === sent, { timeout: 60_000 });
  const seconds = (performance.now() - began) / 1000;
  // What came at once may be over by what is read in one go.
  const most = atOnce + perSecond * seconds + 200;
  assert.ok(sent <= most, `${sent} in ${seconds} s, at most ${most}`);
  await flood.close();
});

prosodyTest("many stanzas in one message end the connection, or are refused unread", async (release) => {
  await using prosody = await testProsody({}, release);
  const other = await join(prosody, "other");
  for (const count of [10, 900]) {
    const flood = await join(prosody, `flood-${count}`);
    const ended = new Promise((resolve) => flood.client.once("disconnect", resolve));
    await flood.client.write(Array.from({ length: count }, (_, i) => ping(`flood-${i}`)).join(""));
    await ended;
    assert.ok(answered(flood) < count, `${answered(flood)} were answered`);
  }
  const flood = await join(prosody, "flood");
  await flood.client.write(Array.from({ length: 2500 }, (_, i) => ping(`flood-${i}`)).join(""));
  const refusal = await until("an answer", () => flood.received.find(({ attrs }) => attrs.type === "error"));
  assert.equal(refusal.getChild("error")!.getChildText("text"), "A stanza may have 2000 elements");
  assert.equal(answered(flood), 1, "no more than the refusal");
  await send(other, xml("presence"));
});

const message = (id: string, ...children: Element[]) =>
  xml("message", { xmlns: "jabber:client", to: room, type: "groupchat", id }, ...children);

/** Elements within each other, as text: what writes XML recurses. */
function nested(depth: number, id: string, name = "b"): string {
  return message(id, xml("body", {}, "deep"), xml("place")).toString()
    .replace("<place/>", `<${name}>`.repeat(depth - 1) + `</${name}>`.repeat(depth - 1));
}

prosodyTest(
  "a stanza nested too deep, or of too many elements, is refused, and harms nobody",
  async (release) => {
    await using prosody = await testProsody({}, release);
    const [a, b] = [await join(prosody, "a"), await join(prosody, "b")];
    for (const session of [a, b]) await enter(session);
    const wide = (count: number, id: string) =>
      message(id, xml("body", {}, "wide")).toString().replace(
        "</body>",
        `</body>${"<b/>".repeat(count - 2)}`,
      );
    const sendText = async (text: string) => {
      await a.client.write(text);
      await send(a, xml("presence", { to: `${room}/${a.id}` }));
    };
    const heard = (id: string) => b.received.some(({ attrs }) => attrs.id === id);
    const refusal = (id: string) =>
      a.received.find(({ attrs }) => attrs.id === id && attrs.type === "error")?.getChild("error");

    for (const [id, text] of [["deep", nested(32, "deep")], ["wide", wide(2000, "wide")]] as const) {
      await sendText(text);
      await until(id, () => heard(id));
    }
    for (
      const [id, text, said] of [
        ["deeper", nested(33, "deeper"), "A stanza may be nested 32 deep"],
        ["deepest", nested(16_000, "deepest"), "A stanza may have 2000 elements"],
        ["wider", wide(2001, "wider"), "A stanza may have 2000 elements"],
        ["widest", wide(60_000, "widest"), "A stanza may have 2000 elements"],
      ] as const
    ) {
      await sendText(text);
      const error = await until(`${id} is answered`, () => refusal(id));
      assert.ok(error.getChild("policy-violation", "urn:ietf:params:xml:ns:xmpp-stanzas"), String(error));
      assert.equal(error.getChildText("text"), said);
    }
    // Requests, presence, and what is no stanza, too; an answer is not answered.
    const deep = nested(100, "x").match(/<b>.*<\/b>/)![0];
    await sendText(`<iq xmlns='jabber:client' type='set' id='asked' to='${room}/${b.id}'>${deep}</iq>`);
    await until("a request is answered", () => refusal("asked"));
    await sendText(`<presence xmlns='jabber:client' id='shown' to='${room}/${a.id}'>${deep}</presence>`);
    await until("presence is answered", () => refusal("shown"));
    await sendText(`<iq xmlns='jabber:client' type='result' id='answer' to='${room}/${b.id}'>${deep}</iq>`);
    assert.equal(refusal("answer"), undefined);
    for (const id of ["deeper", "deepest", "wider", "widest"]) assert.ok(!heard(id), id);
    await send(b, message("after", xml("body", {}, "still here")));
    await until("the others", () => a.received.some(({ attrs }) => attrs.id === "after"));
    const log = await Deno.readTextFile(`${prosody.dataDir}/prosody/prosody.log`);
    assert.deepEqual(log.match(/^.*\serror\t.*$/gm) ?? [], [], "Prosody has logged no error");
  },
);
