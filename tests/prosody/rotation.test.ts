import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { signCredential } from "../../auth/credential.ts";
import { deriveKeys } from "../../auth/keys.ts";
import { testProsody } from "../harness/prosody.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { enter, say } from "./stanzas.ts";
import { hosts, ingest, join, logIn, Subscriber } from "./xmpp.ts";

prosodyTest(
  "a secret is replaced while a call goes on: nobody leaves, and both are good meanwhile",
  async (release) => {
    await using prosody = await testProsody({}, release);
    const { secret, pid } = prosody;
    const fresh = "a fresh secret of more than 32 bytes";
    const isTaken = async (secrets: readonly string[], userid = "x") => {
      const id = crypto.randomUUID();
      const session = { sessionid: id, userid: `${userid}@${hosts.guests}` };
      const password = await signCredential(await deriveKeys(secrets), session, 60);
      return await logIn(prosody, { domain: hosts.guests, username: userid, password, id })
        .then((one) => one.close().then(() => true), () => false);
    };
    const subscriber = new Subscriber(await ingest(prosody, "api"));
    await subscriber.subscribe();
    const [a, b] = [await join(prosody, "a"), await join(prosody, "b")];
    await enter(a);
    await enter(b);
    let said = 0;
    const talk = async () => {
      await say(a, xml("body", {}, `still here ${++said}`));
      const heard = () => b.received.some((stanza) => stanza.getChildText("body") === `still here ${said}`);
      await until("B hears A", heard);
    };

    assert.deepEqual([await isTaken([secret]), await isTaken([fresh])], [true, false]);
    await talk();
    // First Prosody knows both, then the API signs with the new one, then the old one goes.
    await prosody.rotate([secret, fresh]);
    await until("the new key is known", () => isTaken([fresh]));
    assert.ok(await isTaken([secret]));
    await talk();
    await prosody.rotate([fresh, secret]);
    await prosody.rotate([fresh]);
    await until("the old key is forgotten", async () => !await isTaken([secret]));
    assert.ok(await isTaken([fresh, secret]), "signed with the first");
    await talk();

    assert.equal(prosody.pid, pid);
    const types = subscriber.records.map(({ type }) => type);
    await until("everything has been recorded", async () => await subscriber.pending() === 0);
    assert.ok(!types.includes("occupant_left"), `nobody left: ${types}`);
    assert.equal(types.filter((type) => type === "epoch_started").length, 1);
  },
);

prosodyTest("a reload without keys leaves the keys as they were", async (release) => {
  await using prosody = await testProsody({}, release);
  const config = `${prosody.dataDir}/prosody/prosody.cfg.lua`;
  const text = await Deno.readTextFile(config);
  await Deno.writeTextFile(config, text.replace(/^talky_session_key = .*$/m, ""));
  Deno.kill(prosody.pid, "SIGHUP");
  const log = () => Deno.readTextFile(`${prosody.dataDir}/prosody/prosody.log`);
  await until("it says so", async () => (await log()).includes("talky_session_key is not set"));
  await (await join(prosody, "a")).close();
});
