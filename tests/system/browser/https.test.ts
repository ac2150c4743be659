import assert from "node:assert/strict";
import { browserTest, startBrowser } from "./chromium.ts";
import { Participant } from "./participant.ts";
import { startStage } from "./stage.ts";

browserTest("a call over HTTPS and WSS, with a certificate of one's own", async () => {
  await using stage = await startStage({ tls: true });
  await using browser = await startBrowser();
  const room = "private";
  const sockets: string[] = [];
  const ada = await Participant.open(
    browser,
    stage.url,
    room,
    "Ada",
    (url) => sockets.push(new URL(url).origin),
  );
  await ada.entered();
  const bob = await Participant.join(browser, stage.url, room, "Bob");
  await stage.happens(room, "p2p_session_started", 2);
  await bob.say("Is anybody listening?");
  await stage.happens(room, "message_sent", 1, bob);

  // Signalling and events came by the page's own address.
  const origin = new URL(stage.url).origin.replace("https:", "wss:");
  assert.ok(sockets.length >= 2);
  assert.deepEqual([...new Set(sockets)], [origin]);
});
