import assert from "node:assert/strict";
import { eventTypes } from "../../../events/event.ts";
import { until } from "../../harness/wait.ts";
import { browserTest, startBrowser } from "./chromium.ts";
import { Participant } from "./participant.ts";
import { startStage, story } from "./stage.ts";

browserTest("a call of two with the real SDK is told as it happened, in all eighteen types", async () => {
  await using stage = await startStage();
  await using browser = await startBrowser();
  const room = "Two people 🚀 & more";

  const ada = await Participant.join(browser, stage.url, room, "Ada");
  const bob = await Participant.join(browser, stage.url, room, "Bob");
  await stage.happens(room, "p2p_session_started", 2);
  await ada.watches("Bob");
  await bob.watches("Ada");

  await ada.say("Hello Bob");
  await bob.sees("Hello Bob");
  await stage.happens(room, "message_sent");

  await ada.lock("sesame");
  await stage.happens(room, "room_locked");
  await ada.press("Unlock");
  await stage.happens(room, "room_unlocked");

  await bob.press("Mute");
  await ada.seesOn("Bob", "muted");
  await bob.press("Unmute");
  await stage.happens(room, "audio_resumed");
  await bob.press("Pause camera");
  await ada.seesOn("Bob", "camera off");
  await bob.press("Resume camera");
  await stage.happens(room, "video_resumed");

  await bob.useRealTimeText(true);
  await bob.type("I am still typ");
  await ada.sees("I am still typ");
  await bob.useRealTimeText(false);
  await stage.happens(room, "rtt_disabled");

  await ada.press("Share screen");
  await bob.sees("Ada: screen");
  await stage.happens(room, "p2p_session_started", 3);
  await ada.press("Stop sharing");
  await stage.happens(room, "screencapture_ended");

  const people = [ada, bob];
  for (const person of people) await stage.happens(room, "p2p_session_stats", 2, person);
  const told = (await stage.eventsOf(room)).map(({ type }) => type);
  const shown = await until("the page shows them all", async () => {
    const types = await ada.eventsShown();
    return types.length >= told.length && types;
  });
  assert.deepEqual(shown.slice(0, told.length), told, "the page is in step");

  await bob.press("Leave");
  await stage.happens(room, "occupant_left", 1, bob);
  await ada.press("Leave");
  await stage.happens(room, "room_destroyed");

  const events = await stage.eventsOf(room);
  assert.deepEqual(story(events, people), callOfTwo);
  assert.deepEqual(new Set(events.map(({ type }) => type)), new Set(eventTypes));

  const started = events.filter(({ type }) => type === "p2p_session_started").map(({ data }) => data["sid"]);
  for (const { actor_id, peer_id, data } of events.filter(({ type }) => type === "p2p_session_stats")) {
    assert.ok(started.includes(data["sid"]));
    assert.deepEqual(
      new Set([actor_id, peer_id]),
      new Set(people.map(({ sessionid }) => sessionid)),
    );
  }
});

browserTest("who joins later is told of mutes and screens, the log is not told again", async () => {
  await using stage = await startStage();
  await using browser = await startBrowser();
  const room = "latecomer";

  const ada = await Participant.join(browser, stage.url, room, "Ada");
  const bob = await Participant.join(browser, stage.url, room, "Bob");
  await stage.happens(room, "p2p_session_started", 2);
  await ada.press("Mute");
  await stage.happens(room, "audio_paused");
  await ada.press("Share screen");
  await stage.happens(room, "p2p_session_started", 3);

  const eve = await Participant.join(browser, stage.url, room, "Eve");
  // Camera and microphone both ways with both, and the screen.
  await stage.happens(room, "p2p_session_started", 3 + 5);
  await eve.seesOn("Ada", "muted");
  await eve.sees("Ada: screen");

  await ada.press("Unmute");
  await stage.happens(room, "audio_resumed");
  await ada.press("Stop sharing");
  await stage.happens(room, "screencapture_ended");
  assert.deepEqual(
    story(await stage.eventsOf(room), [ada, bob, eve]).filter((line) => /^(audio|video|screen)/.test(line)),
    ["audio_paused Ada", "screencapture_started Ada", "audio_resumed Ada", "screencapture_ended Ada"],
  );
});

browserTest("statistics come as the SDK writes them: a string, without a type", async () => {
  await using stage = await startStage();
  await using browser = await startBrowser();
  const ada = await Participant.join(browser, stage.url, "measured", "Ada");
  const bob = await Participant.join(browser, stage.url, "measured", "Bob");

  const request = await ada.page.waitForRequest("**/telemetry", { timeout: 30_000 });
  const response = await request.response();
  assert.equal(request.headers()["content-type"], "text/plain;charset=UTF-8");
  const { batch } = request.postDataJSON();
  assert.deepEqual(await response?.json(), { accepted: batch.length, rejected: [] });

  const [item] = batch;
  assert.deepEqual(Object.keys(item).sort(), ["data", "peerId", "roomId"]);
  const stored = await stage.happens("measured", "p2p_session_stats", batch.length, ada);
  assert.equal(stored[0]?.peer_id, bob.sessionid);
  assert.deepEqual(stored[0]?.data, JSON.parse(item.data));
});

// ---

/** What happens in a call of two, in order. */
const callOfTwo = [
  "room_created Ada",
  "occupant_joined Ada",
  "occupant_joined Bob",
  "p2p_session_started Ada Bob",
  "p2p_session_started Bob Ada",
  "message_sent Ada",
  "room_locked Ada",
  "room_unlocked Ada",
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
  "p2p_session_ended Bob Ada",
  "p2p_session_ended Bob Ada",
  "occupant_left Bob",
  "occupant_left Ada",
  "room_destroyed",
];
