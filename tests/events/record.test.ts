import assert from "node:assert/strict";
import { eventTypes, payloads } from "../../events/event.ts";
import { SourceRecord } from "../../events/record.ts";

const fixture = new URL("../fixtures/records.ndjson", import.meta.url);
const lines = (await Deno.readTextFile(fixture)).trim().split("\n").map((line) => JSON.parse(line));

Deno.test("the fixtures show every type of record, and all of them are valid as they stand", () => {
  for (const record of lines) assert.deepEqual(SourceRecord.parse(record), record);
  const shown = new Set(lines.map(({ type }) => type));
  const expected = eventTypes.filter((type) => type !== "p2p_session_stats");
  assert.deepEqual(
    new Set([...expected, "epoch_started", "session_started", "session_ended"]),
    shown,
  );
});

Deno.test("the contract's eighteen event types, in its order", () => {
  assert.deepEqual(
    Object.keys(payloads).join(" "),
    "room_created room_destroyed room_locked room_unlocked occupant_joined occupant_left message_sent " +
      "screencapture_started screencapture_ended rtt_enabled rtt_disabled p2p_session_started " +
      "p2p_session_ended p2p_session_stats video_paused video_resumed audio_paused audio_resumed",
  );
});

const joined = lines.find(({ type }) => type === "occupant_joined");

Deno.test("additions to data are kept", () => {
  const record = { ...joined, data: { ...joined.data, extra: [1] } };
  assert.deepEqual(SourceRecord.parse(record), record);
});

Deno.test("ids in upper case become lower case, so that they are equal to themselves", () => {
  const record = SourceRecord.parse({ ...joined, actor: joined.actor.toUpperCase() });
  assert.equal("actor" in record && record.actor, joined.actor);
});

for (
  const [what, change] of Object.entries({
    "an unknown type": { type: "occupant_danced" },
    "client statistics, which no Prosody measures": { type: "p2p_session_stats" },
    "a time without zone": { time: "2026-01-01T12:00:00" },
    "no time": { time: undefined },
    "an actor that is no UUID": { actor: "ada" },
    "no actor where somebody must have done it": { actor: undefined },
    "no room": { room: undefined },
    "a room's JID with a resource": { room: { ...joined.room, jid: `${joined.room.jid}/ada` } },
    "a room's JID without a node": { room: { ...joined.room, jid: "rooms.talky.test" } },
    "a contradiction in data": { data: { userid: 7 } },
    "no data": { data: undefined },
    "an unknown key beside data": { nick: "ada" },
  })
) {
  Deno.test(`refused: ${what}`, () => {
    assert.equal(SourceRecord.safeParse(joined).success, true);
    assert.equal(SourceRecord.safeParse({ ...joined, ...change }).success, false);
  });
}
