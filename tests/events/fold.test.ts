import assert from "node:assert/strict";
import fc from "fast-check";
import { fold, foldSessions } from "../../events/fold.ts";
import { isRoomRecord, type SourceRecord, toEvent } from "../../events/record.ts";
import { withDevice } from "../../ingest/outbox_batch.ts";
import { cuts, histories, roomRecord, uuid } from "./history.ts";

/** What changes mean, in memory: the rows they leave, as `db/apply.ts` leaves them. */
class Rows {
  readonly rooms = new Map<string, unknown>();
  readonly stays = new Map<string, { key: string; left: string | null }>();
  readonly sessions = new Map<string, { ended: string | null }>();

  apply(records: readonly SourceRecord[]): this {
    const changes = fold(events(records));
    for (const { ended, ...room } of changes.rooms) {
      const known = this.rooms.get(room.id) as { ended: string | null } | undefined;
      this.rooms.set(room.id, { ...room, ...known, ended: known?.ended ?? ended });
    }
    for (const { room_id, sessionid, left } of changes.departures) {
      for (const stay of this.stays.values()) {
        if (stay.key === `${room_id}/${sessionid}`) stay.left ??= left;
      }
    }
    for (const { room_id, sessionid, joined, left } of changes.stays) {
      const key = `${room_id}/${sessionid}`;
      this.stays.set(`${key}/${joined}`, { key, left });
    }
    for (const { sessionid, started, ended } of foldSessions(records.map(withDevice))) {
      const known = this.sessions.get(sessionid);
      if (known) known.ended = ended;
      else if (started) this.sessions.set(sessionid, { ...started, ended });
    }
    return this;
  }
}

const events = (records: readonly SourceRecord[]) => records.filter(isRoomRecord).map(toEvent);
const together = (history: readonly SourceRecord[]) => new Rows().apply(history);

Deno.test("records folded in any batches leave the same rows as one by one", () => {
  const cut = histories({ steps: 80, lossy: true }).chain((history) =>
    fc.tuple(fc.constant(history), cuts(history))
  );
  fc.assert(
    fc.property(cut, ([history, batches]) => {
      const one = history.reduce((rows, record) => rows.apply([record]), new Rows());
      const cutUp = batches.reduce((rows, batch) => rows.apply(batch), new Rows());
      assert.deepEqual(cutUp, one);
      assert.deepEqual(together(history), one);
    }),
    { numRuns: 300 },
  );
});

Deno.test("the same records folded and applied twice change nothing", () => {
  fc.assert(fc.property(histories({ steps: 80, lossy: true }), (history) => {
    assert.deepEqual(together(history).apply(history), together(history));
  }));
});

Deno.test("every stay has its own key, so that one statement can store them", () => {
  fc.assert(fc.property(histories({ steps: 80, lossy: true }), (history) => {
    const keys = fold(events(history)).stays.map(({ room_id, sessionid, joined }) =>
      `${room_id} ${sessionid} ${joined}`
    );
    assert.equal(new Set(keys).size, keys.length);
  }));
});

const room = { id: uuid(2, 1), jid: "daily@rooms.talky.test" };
const actor = uuid(1, 1);
const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
const join = (second: number) =>
  roomRecord("occupant_joined", room, at(second), { actor, data: { userid: "ada@users.talky.test" } });
const leave = (second: number) => roomRecord("occupant_left", room, at(second), { actor });

Deno.test("a session that joins where it is: the old stay ends where the new one begins", () => {
  const stays = fold(events([join(1), join(3), leave(5)])).stays.map(({ joined, left }) => [joined, left]);
  assert.deepEqual(stays, [[at(1), at(3)], [at(3), at(5)]]);
});

Deno.test("leaving twice: the first counts", () => {
  assert.deepEqual(fold(events([join(1), leave(2), leave(3)])).stays.map(({ left }) => left), [at(2)]);
});

Deno.test("a clock that went back makes no two stays of one key", () => {
  const { stays } = fold(events([join(1), leave(2), join(3), leave(4), join(1)]));
  assert.deepEqual(stays.map(({ joined }) => joined).sort(), [at(1), at(3)]);
});

Deno.test("a room ends once", () => {
  const { rooms } = fold(events([
    roomRecord("room_destroyed", room, at(1)),
    roomRecord("room_destroyed", room, at(2)),
  ]));
  assert.deepEqual(rooms.map(({ ended }) => ended), [at(1)]);
});

Deno.test("a session that comes back within a batch keeps what it first said", () => {
  const started = (second: number, useragent: string) =>
    ({
      type: "session_started",
      time: at(second),
      actor,
      data: { userid: "ada@users.talky.test", useragent },
    }) as const;
  const sessions = foldSessions([
    withDevice(started(1, "first")),
    withDevice({ type: "session_ended", time: at(2), actor, data: {} }),
    withDevice(started(3, "second")),
  ]);
  assert.deepEqual(sessions.map(({ started, ended }) => [started?.time, started?.device.useragent, ended]), [
    [at(1), "first", null],
  ]);
});
