import assert from "node:assert/strict";
import { type TestProsody, testProsody } from "../harness/prosody.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { hosts, join } from "./xmpp.ts";

/** Opens a stream, and returns what Prosody says until it ends it or offers to log in. */
async function answerTo(prosody: TestProsody): Promise<string> {
  const socket = new WebSocket(prosody.wsUrl, "xmpp");
  let said = "";
  socket.onopen = () =>
    socket.send(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="${hosts.guests}" version="1.0"/>`);
  await new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      said += data;
      if (said.includes("PLAIN")) socket.close();
    };
    socket.onclose = () => resolve();
  });
  return said;
}

const isLetIn = async (prosody: TestProsody) => (await answerTo(prosody)).includes("PLAIN");

prosodyTest(
  "so many connections of an address are let in, and no more until one has gone",
  async (release) => {
    await using prosody = await testProsody({ bounds: { talky_connections_per_address: 2 } }, release);
    const [first, second] = [await join(prosody, "a"), await join(prosody, "b")];
    const refusal = await answerTo(prosody);
    assert.match(refusal, /resource-constraint.*There are too many connections from your address/);
    await first.close();
    await until("there is room again", () => isLetIn(prosody));
    second.drop();
    await until("and again", () => isLetIn(prosody));
  },
);

prosodyTest("so many connections there are in all; a refused one counts no longer", async (release) => {
  await using prosody = await testProsody({ bounds: { talky_connections: 1 } }, release);
  const only = await join(prosody, "a");
  for (let n = 0; n < 20; n++) {
    assert.match(await answerTo(prosody), /resource-constraint.*too many connections: try/);
  }
  only.drop();
  await until("there is room again", () => isLetIn(prosody));
});
