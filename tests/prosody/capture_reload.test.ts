import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { joined, scenario, type Stage, started } from "./scenario.ts";
import { ask, configure, content, enter, leave, mute, say, screen } from "./stanzas.ts";
import { hosts, namespaces as ns, type Session } from "./xmpp.ts";

const folder = fileURLToPath(new URL("modules", import.meta.url));
const moreModules = { folder, rooms: ["test_modules"], requests: ["set urn:test:modules module"] };

/** Reloads, unloads or loads a module of the rooms' host, as `prosodyctl shell` would. */
async function modules(session: Session, deed: "reload" | "unload" | "load", name: string) {
  const iq = xml(
    "iq",
    { type: "set", to: hosts.rooms },
    xml("module", { xmlns: "urn:test:modules", do: deed, name }),
  );
  const answer = await session.request(iq);
  assert.equal(answer.attrs.type, "result", String(answer));
}

/** A room with everything open that can be. */
async function openEverything({ people, expect }: Stage): Promise<[Session, Session]> {
  const [a, b] = await people("A", "B");
  await enter(a);
  await enter(b);
  await configure(a, "hush");
  await ask(a, b, "session-initiate", "s1", content("video"));
  await ask(b, a, "session-accept", "s1");
  await ask(a, b, "session-info", "s1", mute("mute", "video"));
  await ask(a, b, "session-initiate", "s2", content("video"));
  await ask(a, b, "description-info", "s2", screen("scr"));
  await ask(b, a, "session-accept", "s2");
  await say(b, xml("rtt", { xmlns: ns.rtt }));
  await expect(
    ...[started("A"), started("B"), 'room_created A {"name":"daily"}', joined("A", "owner"), joined("B")],
    ...["room_locked A", 'p2p_session_started A B {"media":["video"],"sid":"s1"}', "video_paused A"],
    'screencapture_started A {"screen":"scr"}',
    'p2p_session_started A B {"media":["video"],"screen":"scr","sid":"s2"}',
    "rtt_enabled B",
  );
  return [a, b];
}

for (const name of ["talky_capture", "muc", "talky_identity"]) {
  scenario(`a module reloaded in the middle of a call changes nothing (${name})`, async (stage) => {
    const [a, b] = await openEverything(stage);
    const life = () =>
      stage.subscriber.records.map((record) => "room" in record ? record.room.id : undefined);
    for (let times = 0; times < 3; times++) await modules(a, "reload", name);
    await stage.expect();
    await enter(b);
    await say(b, xml("body", {}, "still here"));
    await ask(a, b, "session-info", "s1", mute("mute", "video"));
    await ask(b, a, "session-terminate", "s1");
    await stage.expect('message_sent B {"length":10}', 'p2p_session_ended B A {"sid":"s1"}');
    await leave(b);
    await stage.expect(
      ...["rtt_disabled B", 'p2p_session_ended B A {"reason":"left","sid":"s2"}'],
      ...['screencapture_ended A {"screen":"scr"}', 'occupant_left B {"cause":"left","reason":"bye"}'],
    );
    await leave(a);
    await stage.expect('occupant_left A {"cause":"left","reason":"bye"}', "room_destroyed");
    assert.equal(new Set(life().filter((id) => id !== undefined)).size, 1, "one life of the room");
  }, { moreModules });
}

scenario("without the module that captures all is closed, and with it begins anew", async (stage) => {
  const [a, b] = await openEverything(stage);
  const life = () => stage.subscriber.records.findLast((record) => "room" in record)!.room.id;
  const before = life();
  await modules(a, "unload", "talky_capture");
  await stage.expect(
    ...['screencapture_ended A {"screen":"scr"}', 'p2p_session_ended A B {"reason":"left","sid":"s1"}'],
    ...['p2p_session_ended A B {"reason":"left","sid":"s2"}', 'occupant_left A {"cause":"unknown"}'],
    ...["rtt_disabled B", 'occupant_left B {"cause":"unknown"}'],
    'room_destroyed {"reason":"The module that watches rooms was unloaded"}',
  );
  await say(b, xml("body", {}, "unheard"));
  await modules(a, "load", "talky_capture");
  const [first, second] = [["A", a], ["B", b]].sort(([, a], [, b]) =>
    (a as Session).id < (b as Session).id ? -1 : 1
  ) as [[string, Session], [string, Session]];
  await stage.expect(
    `room_created ${first[0]} {"name":"daily"}`,
    joined(first[0], first[0] === "A" ? "owner" : "none"),
    `room_locked ${first[0]}`,
    joined(second[0], second[0] === "A" ? "owner" : "none"),
  );
  assert.notEqual(life(), before, "another life");
  await leave(a);
  await leave(b);
  await stage.expect(
    ...["A", "B"].map((letter) => `occupant_left ${letter} {"cause":"left","reason":"bye"}`),
    "room_destroyed",
  );
}, { moreModules });
