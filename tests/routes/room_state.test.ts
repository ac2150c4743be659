import assert from "node:assert/strict";
import fc from "fast-check";
import { isRoomRecord, type RoomRecord } from "../../events/record.ts";
import { outboxRun, storeAll } from "../db/outbox.ts";
import { histories } from "../events/history.ts";
import { testApi } from "./api.ts";

Deno.test("a room at any moment of any history is as its events say", async () => {
  await using api = await testApi();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(histories({ steps: 300 }), fc.infiniteStream(fc.nat()), async (history, dice) => {
      // Ids are the same in every history, so each history gets rooms of its own.
      const records = withRoomsOf(history.filter(isRoomRecord), ++run);
      await storeAll(api.sql, outboxRun(records, { epoch: `epoch-${run}`, resumes: true }));
      for (const id of new Set(records.map(({ room }) => room.id))) {
        const told = records.filter(({ room }) => room.id === id);
        for (let moment = 0; moment < 8; moment++) {
          const at = told[dice.next().value! % told.length]!.time;
          const state = await api.get(`/rooms/${id}/state?at=${at}`);
          assert.deepEqual(sorted(state), answers(id, at, told.filter(({ time }) => time <= at)));

          const last = told[dice.next().value! % told.length]!;
          const upto = told.lastIndexOf(last);
          const [{ ids }] = await api.sql<[{ ids: number[] }]>`
            select json_agg(id order by id) as ids from events where room_id = ${id}`;
          const then = await api.get(`/rooms/${id}/state?upto=${ids[upto]}`);
          assert.deepEqual(sorted(then), answers(id, last.time, told.slice(0, upto + 1)));
        }
      }
    }),
    { numRuns: 25 },
  );
});

// ---

/** The same records in rooms with other ids. */
function withRoomsOf(records: readonly RoomRecord[], run: number): RoomRecord[] {
  const suffix = run.toString(16).padStart(4, "0");
  return records.map((record) => ({
    ...record,
    room: { ...record.room, id: record.room.id.slice(0, -4) + suffix.slice(-3) + record.room.id.at(-1) },
  }));
}

// deno-lint-ignore no-explicit-any
function sorted(state: any) {
  const by = (key: string) => (a: Record<string, string>, b: Record<string, string>) =>
    a[key]! < b[key]! ? -1 : 1;
  return {
    ...state,
    occupants: state.occupants.toSorted(by("sessionid")),
    p2p: state.p2p.toSorted(byPair),
  };
}

/** What the state must be: each part answered from the records by itself, without going through them in turn. */
function answers(room_id: string, at: string, told: readonly RoomRecord[]) {
  const last = (...types: string[]) => told.findLastIndex(({ type }) => types.includes(type));
  const open = told[last("room_created", "room_destroyed")]?.type === "room_created";
  const locked = told[last("room_locked", "room_unlocked")]?.type === "room_locked";

  const lastOf = (actor: string, ...types: string[]) =>
    told.findLastIndex((record) => record.actor === actor && types.includes(record.type));
  const since = (actor: string) => {
    const at = lastOf(actor, "occupant_joined", "occupant_left");
    return told[at]?.type === "occupant_joined" && at > last("room_destroyed") ? at : Infinity;
  };
  const isOn = (actor: string, on: string, off: string) => {
    const at = lastOf(actor, on, off);
    return at > since(actor) && told[at]!.type === on;
  };
  const actors = [...new Set(told.flatMap(({ actor }) => actor ? [actor] : []))].sort();
  const occupants = actors.filter((actor) => since(actor) < Infinity).map((sessionid) => ({
    sessionid,
    userid: (told[since(sessionid)]!.data as { userid: string }).userid,
    joined: told[since(sessionid)]!.time,
    audio_paused: isOn(sessionid, "audio_paused", "audio_resumed"),
    video_paused: isOn(sessionid, "video_paused", "video_resumed"),
    rtt: isOn(sessionid, "rtt_enabled", "rtt_disabled"),
    screens: told.filter(({ actor, type, data }, i) =>
      type === "screencapture_started" && actor === sessionid && i > since(sessionid) &&
      !told.some((other, j) =>
        j > i && other.actor === sessionid && other.type.startsWith("screencapture") &&
        other.data["screen"] === data["screen"]
      )
    ).map(({ data }) => data["screen"]),
  }));
  const p2p = told.filter(({ type, actor, peer, data }, i) =>
    type === "p2p_session_started" && i > Math.max(since(actor!), since(peer!)) && since(actor!) < Infinity &&
    since(peer!) < Infinity &&
    !told.some((other, j) =>
      j > i && other.type.startsWith("p2p") && other.data["sid"] === data["sid"] &&
      pairOf(other) === pairOf(told[i]!)
    )
  ).map(({ actor, peer, data, time }) => ({
    ...{ sid: data["sid"], actor_id: actor, peer_id: peer, since: time },
    media: data["media"] ?? null,
    screen: data["screen"] ?? null,
  }))
    .toSorted(byPair);
  return { room_id, at, open, locked, occupants, p2p };
}

/** The two of a record, whoever spoke. */
function pairOf({ actor, peer }: RoomRecord): string {
  return [actor, peer].sort().join(" ");
}

// deno-lint-ignore no-explicit-any
function byPair(a: any, b: any): number {
  return a.actor_id + a.peer_id < b.actor_id + b.peer_id ? -1 : 1;
}
