/**
 * Holds what the service shows against what a simulation has done.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { TalkyEvent } from "../../../client/mod.ts";
import type { ExpectedEvent, RoomOutcome } from "../../../proof/simulate/room_run.ts";
import type { Outcome } from "../../../proof/simulate/simulation.ts";
import type { TestService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";

/** Gets JSON as an operator. */
export async function read<T>(service: Pick<TestService, "url" | "token">, path: string): Promise<T> {
  const response = await fetch(service.url + path, { headers: { authorization: `Bearer ${service.token}` } });
  assert.equal(response.status, 200, `${path}: ${response.status}`);
  return await response.json();
}

/** The whole log, read page by page. */
export async function readLog(service: Pick<TestService, "url" | "token">): Promise<TalkyEvent[]> {
  const events: TalkyEvent[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const page: { items: TalkyEvent[]; next: number | null } = await read(
      service,
      `/events?limit=1000&after=${after}`,
    );
    events.push(...page.items);
    after = page.next;
  }
  return events;
}

/** Waits until every room and session of a simulation has ended, and nothing waits in the outbox. */
export async function settled(service: Pick<TestService, "url" | "token">): Promise<void> {
  await until("everything has ended", async () => {
    const { rooms, sessions } = await read<{ rooms: number; sessions: number }>(service, "/stats/now");
    const { checks } = await read<{ checks: { prosody: { lag: number } } }>(service, "/readyz");
    return rooms === 0 && sessions === 0 && checks.prosody.lag === 0;
  }, { timeout: 30_000 });
}

/** Asserts that the log holds exactly what was done: each room's events, in order, and nothing else. */
export async function assertTruth(
  service: Pick<TestService, "url" | "token">,
  { rooms }: Outcome,
): Promise<void> {
  await settled(service);
  const log = await readLog(service);
  assert.deepEqual(log.map(({ id }) => id), log.map((_, i) => i + 1), "ids are dense");
  for (const room of rooms) {
    const seen = log.filter(({ room_id }) => room_id === room.id);
    assert.deepEqual(
      seen.map((event, i) => shape(event, room.events[i])),
      room.events.map(expected),
      room.jid,
    );
  }
  const told = rooms.reduce((sum, room) => sum + room.events.length, 0);
  assert.equal(log.length, told, "no event of any other room");
  for (const room of rooms) await assertRows(service, room);
}

// ---

/** Every room and session is there and over, and every stay has its end. */
async function assertRows(service: Pick<TestService, "url" | "token">, room: RoomOutcome): Promise<void> {
  const shown = await read<{ ended: string | null; occupants: unknown[] }>(service, `/rooms/${room.id}`);
  assert.notEqual(shown.ended, null);
  assert.deepEqual(shown.occupants, []);
  const stays = await read<{ items: { sessionid: string }[] }>(
    service,
    `/rooms/${room.id}/occupants?limit=1000`,
  );
  assert.equal(stays.items.length, room.events.filter(({ type }) => type === "occupant_joined").length);
  for (const sessionid of room.sessions) {
    const user = await read<{ ended: string | null; useragent: string }>(service, `/users/${sessionid}`);
    assert.notEqual(user.ended, null);
    assert.notEqual(user.useragent, "");
  }
}

function expected({ type, actor, peer, data }: ExpectedEvent) {
  return { type, actor, peer, data: { ...data } };
}

/** An event, with as much of its data as is expected. */
function shape({ type, actor_id, peer_id, data }: TalkyEvent, wanted: ExpectedEvent | undefined) {
  const keys = Object.keys(wanted?.data ?? {});
  return {
    type,
    actor: actor_id,
    peer: peer_id,
    data: Object.fromEntries(keys.map((key) => [key, data[key]])),
  };
}
