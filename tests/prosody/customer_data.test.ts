import { xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import assert from "node:assert/strict";
import { signCredential } from "../../auth/credential.ts";
import { type TestProsody, testProsody } from "../harness/prosody.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { joined, scenario, type Stage, started } from "./scenario.ts";
import { enter, room } from "./stanzas.ts";
import { hosts, logIn, namespaces as ns } from "./xmpp.ts";

const namespace = "urn:talky:session:1";
const refused = { name: "StanzaError", condition: "resource-constraint", type: "wait" };

/** Logs in with a credential that says that there is customerData. */
async function logInNamed(prosody: TestProsody, sessionid: string) {
  const session = { sessionid, userid: `ada@${hosts.guests}`, customerData: true };
  const password = await signCredential(prosody.keys, session, 60);
  return await logIn(prosody, { domain: hosts.guests, username: "ada", password, id: sessionid });
}

/** Answers Prosody's questions like the API does. */
function answer({ subscriber }: Stage, give: (sid: string) => string | Element | Promise<never>) {
  subscriber.session.client.iqCallee.get(
    namespace,
    "session",
    async ({ element }: { element: Element }) => {
      const answer = await give(element.attrs.sid);
      return typeof answer === "string"
        ? xml("session", { xmlns: namespace, sid: element.attrs.sid }, answer)
        : answer;
    },
  );
}

scenario("what the application says of a user goes out with their presence", async (stage) => {
  const [a] = await stage.people("A");
  await enter(a);
  await stage.expect(started("A"), 'room_created A {"name":"daily"}', joined("A", "owner"));
  const sid = crypto.randomUUID();
  const text = JSON.stringify({ displayName: 'Ada <3 & "L\'"', more: "é".repeat(7000) });
  answer(stage, (asked) => asked === sid ? text : xml("error", { type: "cancel" }));
  await enter(await logInNamed(stage.prosody, sid));
  const presence = await until("Ada", () => a.received.find((s) => s.attrs.from === `${room}/${sid}`));
  assert.equal(presence.getChild("user", ns.core)?.text(), text);
});

scenario("nobody gets in nameless", async (stage) => {
  const sid = crypto.randomUUID();
  for (
    const wrong of [
      xml("error", { type: "cancel" }, xml("item-not-found", "urn:ietf:params:xml:ns:xmpp-stanzas")),
      "no JSON",
      '"no object"',
      JSON.stringify({ more: "x".repeat(17_000) }),
    ]
  ) {
    answer(stage, () => wrong);
    await assert.rejects(logInNamed(stage.prosody, sid), refused);
  }
});

prosodyTest("nobody gets in nameless while the API is away", async (release) => {
  await using prosody = await testProsody({}, release);
  await assert.rejects(logInNamed(prosody, crypto.randomUUID()), refused);
});
