import assert from "node:assert/strict";
import fc from "fast-check";
import type { NewEvent } from "../../events/event.ts";
import { isRoomRecord, type SourceRecord } from "../../events/record.ts";
import { advance, emptyRoom, endings, type RoomState } from "../../events/room_state.ts";
import { histories, uuid } from "./history.ts";

const now = "2026-02-01T00:00:00.000Z";

/** The states of all rooms of a history, by room. */
function states(history: readonly SourceRecord[]): Map<string, RoomState> {
  const found = new Map<string, RoomState>();
  for (const record of history.filter(isRoomRecord)) {
    const state = found.get(record.room.id) ?? emptyRoom();
    found.set(record.room.id, state);
    advance(state, { ...record, actor_id: record.actor ?? null, peer_id: record.peer ?? null });
  }
  return found;
}

Deno.test("endings close everything a room has open, wherever its history stops", () => {
  fc.assert(fc.property(histories({ steps: 60, lossy: true }), (history) => {
    for (const [room, state] of states(history)) {
      const events = endings(room, state, now);
      for (const event of events) advance(state, event);
      assert.deepEqual(state, { ...emptyRoom(), locked: state.locked });
      assert.deepEqual(endings(room, state, now), []);
    }
  }));
});

Deno.test("endings come in the order of a living source: what is theirs, their leaving, the room", () => {
  fc.assert(fc.property(histories({ steps: 60 }), (history) => {
    for (const [room, state] of states(history)) {
      const present = new Set(state.occupants.keys());
      const events = endings(room, state, now);
      for (const event of events) {
        assert.equal(event.room_id, room);
        assert.equal(event.time, now);
        assert.equal(event.data["reconciled"], true);
        if (event.actor_id !== null) assert.ok(present.has(event.actor_id), "nothing after one's leaving");
        if (event.peer_id !== null) assert.ok(present.has(event.peer_id), "the peer is still there");
        if (event.type === "occupant_left") present.delete(event.actor_id!);
        if (event.type === "room_destroyed") assert.equal(present.size, 0, "the room goes last");
      }
      assert.deepEqual(kinds(events, "room_destroyed"), state.open ? 1 : 0);
      assert.equal(kinds(events, "occupant_left"), state.occupants.size);
      assert.equal(kinds(events, "p2p_session_ended"), state.p2p.size);
    }
  }));
});

Deno.test("endings say exactly what was on", () => {
  const [ada, bob] = [uuid(1, 1), uuid(1, 2)];
  const state = emptyRoom();
  const did = (type: NewEvent["type"], actor_id: string, data = {}, peer_id: string | null = null) =>
    advance(state, { type, actor_id, peer_id, data, time: "2026-01-01T00:00:00.000Z" });
  did("room_created", ada);
  did("occupant_joined", ada);
  did("occupant_joined", bob);
  did("rtt_enabled", ada);
  did("rtt_enabled", bob);
  did("rtt_disabled", bob);
  did("screencapture_started", bob, { screen: "x" });
  did("screencapture_started", bob, { screen: "y" });
  did("screencapture_ended", bob, { screen: "x" });
  // The same sid between the same two is the same session, whoever speaks.
  did("p2p_session_started", ada, { sid: "1" }, bob);
  did("p2p_session_started", ada, { sid: "2" }, bob);
  did("p2p_session_ended", bob, { sid: "1" }, ada);

  const room = uuid(2, 1);
  const said = endings(room, state, now).map(({ type, actor_id, peer_id, data }) => [
    type,
    actor_id,
    peer_id,
    data,
  ]);
  assert.deepEqual(said, [
    ["rtt_disabled", ada, null, { reconciled: true }],
    ["p2p_session_ended", ada, bob, { sid: "2", reason: "left", reconciled: true }],
    ["occupant_left", ada, null, { cause: "disconnected", reconciled: true }],
    ["screencapture_ended", bob, null, { screen: "y", reconciled: true }],
    ["occupant_left", bob, null, { cause: "disconnected", reconciled: true }],
    ["room_destroyed", null, null, { reconciled: true }],
  ]);
});

Deno.test("a room that was destroyed, or never opened, has nothing to end", () => {
  assert.deepEqual(endings(uuid(2, 1), emptyRoom(), now), []);
  const state = emptyRoom();
  for (const type of ["room_created", "occupant_joined", "room_destroyed"] as const) {
    advance(state, { type, actor_id: uuid(1, 1), peer_id: null, data: {}, time: now });
  }
  assert.deepEqual(endings(uuid(2, 1), state, now), []);
});

// ---

function kinds(events: readonly NewEvent[], type: NewEvent["type"]): number {
  return events.filter((event) => event.type === type).length;
}
