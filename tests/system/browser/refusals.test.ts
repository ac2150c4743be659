import assert from "node:assert/strict";
import { browserTest, startBrowser } from "./chromium.ts";
import { Participant } from "./participant.ts";
import { startStage, story } from "./stage.ts";

browserTest("the owner removes somebody, who leaves for that cause and is told", async () => {
  await using stage = await startStage();
  await using browser = await startBrowser();
  const room = "kicked";
  const ada = await Participant.join(browser, stage.url, room, "Ada");
  const bob = await Participant.join(browser, stage.url, room, "Bob");
  await stage.happens(room, "p2p_session_started", 2);

  await ada.press("Remove Bob");
  await bob.sees("You were removed from the call");
  const [left] = await stage.happens(room, "occupant_left");
  assert.equal(left?.actor_id, bob.sessionid);
  assert.equal(left?.data["cause"], "banned");
  assert.deepEqual(story(await stage.eventsOf(room), [ada, bob]).slice(-3), [
    "p2p_session_ended Bob Ada",
    "p2p_session_ended Bob Ada",
    "occupant_left Bob",
  ]);
});

browserTest("a wrong password lets nobody in, and the page says so", async () => {
  await using stage = await startStage();
  await using browser = await startBrowser();
  const room = "locked";
  const ada = await Participant.join(browser, stage.url, room, "Ada");
  await ada.lock("sesame");
  await stage.happens(room, "room_locked");

  const eve = await Participant.open(browser, stage.url, room, "Eve");
  await eve.sees("This room is locked");
  await eve.answer("guessed");
  await eve.sees("That is not the password of this room.");
  const refused = story(await stage.eventsOf(room), [ada, eve]);
  assert.deepEqual(refused, ["room_created Ada", "occupant_joined Ada", "room_locked Ada"]);

  await eve.answer("sesame");
  await eve.entered();
  await stage.happens(room, "occupant_joined", 1, eve);
});
