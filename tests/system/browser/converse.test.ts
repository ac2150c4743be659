import assert from "node:assert/strict";
import { prosodyReleases } from "../../harness/prosody_releases.ts";
import { browserTest, startBrowser } from "./chromium.ts";
import { ConverseParticipant, serveConverse } from "./converse.ts";
import { Participant } from "./participant.ts";
import { startStage, story } from "./stage.ts";

for (const release of prosodyReleases) {
  browserTest(
    `two clients, the SDK and converse.js, in one room: exact events, Prosody ${release.name}`,
    async () => {
      if (!release.program) return console.log("skipped: this Prosody is not here");
      await using stage = await startStage({}, release);
      await using converse = serveConverse();
      await using browser = await startBrowser();
      const room = "mixed";

      const ada = await Participant.join(browser, stage.url, room, "Ada");
      const eve = await ConverseParticipant.join(browser, converse.url, stage.url, room, "Eve");
      const bob = await Participant.join(browser, stage.url, room, "Bob");
      await stage.happens(room, "p2p_session_started", 2);

      await ada.say("Hello");
      await eve.sees("Hello");
      await eve.say("Hi al");
      await bob.sees("Hi al");
      await eve.correct("Hi all");
      await bob.sees("Hi all");
      await eve.react("Hello", "👍");
      await eve.say("A secret");
      await ada.sees("A secret");
      await eve.retract();
      await stage.happens(room, "message_sent", 5);

      await bob.press("Mute");
      await stage.happens(room, "audio_paused");
      await bob.press("Unmute");
      await stage.happens(room, "audio_resumed");
      await bob.press("Pause camera");
      await stage.happens(room, "video_paused");
      await bob.press("Resume camera");
      await stage.happens(room, "video_resumed");
      await bob.useRealTimeText(true);
      await bob.type("I am still typ");
      await stage.happens(room, "rtt_enabled");
      await bob.useRealTimeText(false);
      await stage.happens(room, "rtt_disabled");
      await ada.press("Share screen");
      await stage.happens(room, "p2p_session_started", 3);
      await ada.press("Stop sharing");
      await stage.happens(room, "screencapture_ended");
      await ada.lock("sesame");
      await stage.happens(room, "room_locked");
      await ada.press("Unlock");
      await stage.happens(room, "room_unlocked");

      await eve.leave();
      await stage.happens(room, "occupant_left", 1);
      await bob.press("Leave");
      await stage.happens(room, "occupant_left", 2);
      await ada.press("Leave");
      await stage.happens(room, "room_destroyed");

      const events = await stage.eventsOf(room);
      assert.deepEqual(story(events, [ada, bob, eve]), told);
    },
  );
}

/** What happens, in order. */
const told = [
  "room_created Ada",
  "occupant_joined Ada",
  "occupant_joined Eve",
  "occupant_joined Bob",
  "p2p_session_started Ada Bob",
  "p2p_session_started Bob Ada",
  "message_sent Ada",
  "message_sent Eve",
  "message_sent Eve",
  "message_sent Eve",
  "message_sent Eve",
  "audio_paused Bob",
  "audio_resumed Bob",
  "video_paused Bob",
  "video_resumed Bob",
  "rtt_enabled Bob",
  "rtt_disabled Bob",
  "screencapture_started Ada",
  "p2p_session_started Ada Bob",
  "p2p_session_ended Ada Bob",
  "screencapture_ended Ada",
  "room_locked Ada",
  "room_unlocked Ada",
  "occupant_left Eve",
  "p2p_session_ended Bob Ada",
  "p2p_session_ended Bob Ada",
  "occupant_left Bob",
  "occupant_left Ada",
  "room_destroyed",
];
