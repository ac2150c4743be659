import assert from "node:assert/strict";
import { until } from "../../harness/wait.ts";
import { browserTest, startBrowser, startBrowserProcess } from "./chromium.ts";
import { Participant } from "./participant.ts";
import { type Stage, startStage, story } from "./stage.ts";

/** Bob has everything open that can be open. */
async function openEverything(stage: Stage, room: string, bob: Participant): Promise<void> {
  await stage.happens(room, "p2p_session_started", 2);
  await bob.useRealTimeText(true);
  await stage.happens(room, "rtt_enabled");
  await bob.press("Share screen");
  await stage.happens(room, "p2p_session_started", 3);
}

/** Everything ends once, and then he is gone. */
const bobIsGone = [
  "rtt_disabled Bob",
  "screencapture_ended Bob",
  "p2p_session_ended Bob Ada",
  "p2p_session_ended Bob Ada",
  "p2p_session_ended Bob Ada",
  "occupant_left Bob",
];

const ways: Record<string, (bob: Participant) => Promise<unknown>> = {
  "closed tab": (bob) => bob.page.close(),
  "killed renderer": async ({ page }) => {
    const crash = page.waitForEvent("crash");
    const devtools = await page.context().newCDPSession(page);
    // There is nobody left to answer.
    devtools.send("Page.crash").catch(() => {});
    await crash;
  },
};

browserTest("a tab that goes in any way ends what it had open, once", async () => {
  await using stage = await startStage();
  await using browser = await startBrowser();
  for (const [way, go] of Object.entries(ways)) {
    const room = way.replace(" ", "-");
    const ada = await Participant.join(browser, stage.url, room, "Ada");
    const bob = await Participant.join(browser, stage.url, room, "Bob");
    await openEverything(stage, room, bob);
    const before = story(await stage.eventsOf(room), [ada, bob]).length;

    await go(bob);
    const [left] = await stage.happens(room, "occupant_left", 1, bob);
    assert.equal(left?.data["cause"], "disconnected");
    await ada.press("Leave");
    await stage.happens(room, "room_destroyed");
    assert.deepEqual(
      story(await stage.eventsOf(room), [ada, bob]).slice(before),
      [...bobIsGone, "occupant_left Ada", "room_destroyed"],
      way,
    );
  }
});

browserTest("a page loaded again is a new session", async () => {
  await using stage = await startStage();
  await using browser = await startBrowser();
  const room = "reload";
  const ada = await Participant.join(browser, stage.url, room, "Ada");
  const bob = await Participant.join(browser, stage.url, room, "Bob");
  await openEverything(stage, room, bob);
  const before = story(await stage.eventsOf(room), [ada, bob]).length;

  const again = await bob.reload();
  await again.entered();
  assert.notEqual(again.sessionid, bob.sessionid);
  await stage.happens(room, "p2p_session_started", 3 + 2);
  assert.deepEqual(story(await stage.eventsOf(room), [ada, bob]).slice(before), [
    ...bobIsGone,
    "occupant_joined somebody else",
    "p2p_session_started Ada somebody else",
    "p2p_session_started somebody else Ada",
  ]);
});

browserTest("a browser that froze is taken out of the room", async () => {
  // Instead of 120 s, to keep the test short; long enough for who is alive and waits for others to join.
  await using stage = await startStage({ readTimeout: 12 });
  await using browser = await startBrowser();
  await using freezer = await startBrowserProcess();
  const room = "frozen";
  const ada = await Participant.join(browser, stage.url, room, "Ada");
  const bob = await Participant.join(freezer.browser, stage.url, room, "Bob");
  await openEverything(stage, room, bob);
  await ada.watches("Bob: screen");
  // The last that is heard of him is long: Prosody's limits pause him for it.
  await bob.say("x".repeat(3000));
  await stage.happens(room, "message_sent", 1, bob);
  const before = (await stage.eventsOf(room)).length;

  freezer.freeze();
  await until("Bob is taken out while Ada talks on", async () => {
    await ada.say("Bob?");
    const events = await stage.eventsOf(room);
    return events.some(({ type, actor_id }) => type === "occupant_left" && actor_id === bob.sessionid);
  }, { timeout: 30_000, interval: 1000 });
  const ends = (await stage.eventsOf(room)).slice(before).filter(({ actor_id, type }) =>
    actor_id === bob.sessionid || type === "p2p_session_ended"
  );
  // Ada's client gives up media that do not come, each before or with Bob's end: who ends them is chance.
  assert.deepEqual(
    ends.map(({ type }) => type).sort(),
    bobIsGone.map((line) => line.split(" ")[0]).sort(),
  );
  assert.equal(ends.at(-1)?.type, "occupant_left");
  assert.equal(ends.at(-1)?.data["cause"], "disconnected");
});
