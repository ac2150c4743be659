import assert from "node:assert/strict";
import { browserTest, startBrowser } from "./chromium.ts";
import { Participant } from "./participant.ts";
import { startStage } from "./stage.ts";

browserTest("who comes back owns the room as before, and without its owner it has another", async () => {
  await using stage = await startStage();
  await using browser = await startBrowser();
  const room = "Coming back ☕";
  const ada = await Participant.join(browser, stage.url, room, "Ada");
  const bob = await Participant.join(browser, stage.url, room, "Bob");
  await ada.lock("hush");
  await stage.happens(room, "room_locked");

  // The SDK connects by itself; a page that is loaded again has forgotten the password.
  const reconnected = await ada.losesConnection();
  await stage.happens(room, "occupant_joined", 1, reconnected);
  const reloaded = await reconnected.reload();
  await stage.happens(room, "occupant_joined", 1, reloaded);
  await reloaded.press("Unlock");
  await stage.happens(room, "room_unlocked", 1, reloaded);
  const joined = (await stage.eventsOf(room)).filter(({ type }) => type === "occupant_joined");
  assert.deepEqual(
    joined.map(({ actor_id, data }) => [actor_id, data["affiliation"]]),
    [[ada.sessionid, "owner"], [bob.sessionid, "none"], [reconnected.sessionid, "owner"], [
      reloaded.sessionid,
      "owner",
    ]],
  );
  const userids = joined.map(({ data }) => data["userid"]);
  assert.deepEqual([new Set(userids).size, userids[2], userids[3]], [2, userids[0], userids[0]]);

  await reloaded.lock("hush again");
  await stage.happens(room, "room_locked", 2);
  await reloaded.page.close();
  await bob.press("Unlock");
  await stage.happens(room, "room_unlocked", 1, bob);
});
