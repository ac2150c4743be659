import assert from "node:assert/strict";
import fc from "fast-check";
import { type Changes, fold } from "../../events/fold.ts";
import type { SourceRecord } from "../../events/record.ts";
import { cuts, histories, roomRecord, uuid } from "./history.ts";

/** What changes mean, in memory: the rows they leave, as `db/apply.ts` leaves them. */
class Rows {
  readonly rooms = new Map<string, unknown>();
  readonly stays = new Map<string, { key: string; left: string | null }>();
  readonly sessions = new Map<string, { ended: string | null }>();

  apply(changes: Changes): this {
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
    for (const { sessionid, created, ended, ...session } of changes.sessions) {
      const known = this.sessions.get(sessionid);
      if (known) known.ended = ended;
      else if (created !== null) {
        this.sessions.set(sessionid, { ...session, created, ended } as { ended: string | null });
      }
    }
    return this;
  }
}

const together = (history: readonly SourceRecord[]) => new Rows().apply(fold(history));

Deno.test("records folded in any batches leave the same rows as one by one", () => {
  const cut = histories({ steps: 80, lossy: true }).chain((history) =>
    fc.tuple(fc.constant(history), cuts(history))
  );
  fc.assert(
    fc.property(cut, ([history, batches]) => {
      const one = history.reduce((rows, record) => rows.apply(fold([record])), new Rows());
      const cutUp = batches.reduce((rows, batch) => rows.apply(fold(batch)), new Rows());
      assert.deepEqual(cutUp, one);
      assert.deepEqual(together(history), one);
    }),
    { numRuns: 300 },
  );
});

Deno.test("the same records folded and applied twice change nothing", () => {
  fc.assert(fc.property(histories({ steps: 80, lossy: true }), (history) => {
    assert.deepEqual(together(history).apply(fold(history)), together(history));
  }));
});

Deno.test("every stay has its own key, so that one statement can store them", () => {
  fc.assert(fc.property(histories({ steps: 80, lossy: true }), (history) => {
    const keys = fold(history).stays.map(({ room_id, sessionid, joined }) =>
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
  const stays = fold([join(1), join(3), leave(5)]).stays.map(({ joined, left }) => [joined, left]);
  assert.deepEqual(stays, [[at(1), at(3)], [at(3), at(5)]]);
});

Deno.test("leaving twice: the first counts", () => {
  assert.deepEqual(fold([join(1), leave(2), leave(3)]).stays.map(({ left }) => left), [at(2)]);
});

Deno.test("a clock that went back makes no two stays of one key", () => {
  const { stays } = fold([join(1), leave(2), join(3), leave(4), join(1)]);
  assert.deepEqual(stays.map(({ joined }) => joined).sort(), [at(1), at(3)]);
});

Deno.test("a room ends once", () => {
  const { rooms } = fold([
    roomRecord("room_destroyed", room, at(1)),
    roomRecord("room_destroyed", room, at(2)),
  ]);
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
  const { sessions } = fold([
    started(1, "first"),
    { type: "session_ended", time: at(2), actor, data: {} },
    started(3, "second"),
  ]);
  assert.deepEqual(sessions, [{
    sessionid: actor,
    userid: "ada@users.talky.test",
    useragent: "first",
    created: at(1),
    ended: null,
  }]);
});
