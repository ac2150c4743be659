import assert from "node:assert/strict";
import fc from "fast-check";
import type { Sql } from "../../../db/connect.ts";
import { clearMeasurements, forgetReadings, readingsBetween } from "../../../db/readings.ts";
import { rebuild } from "../../../db/rebuild.ts";
import type { NewEvent } from "../../../events/event.ts";
import { empty, storeAll } from "../../db/outbox.ts";
import { testDatabase } from "../../harness/database.ts";
import { ada, bob, daily, makeCall } from "../../routes/a_call.ts";

const start = Date.UTC(2026, 0, 1, 12, 1);

/** Measurements as clients send them: some twice, some absurd, some of their own, some of a link alone. */
const measurement = fc.record({
  way: fc.constantFrom("inbound-rtp", "outbound-rtp", "none", "own"),
  kind: fc.constantFrom("audio", "video"),
  ssrc: fc.nat({ max: 3 }),
  second: fc.nat({ max: 60 }),
  bytes: fc.oneof(fc.nat(), fc.constantFrom(-1, 2 ** 53 - 1)),
  jitter: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  from: fc.boolean(),
});

function eventOf(one: typeof measurement extends fc.Arbitrary<infer T> ? T : never): NewEvent {
  const moment = start + one.second * 1000;
  const report = {
    ...{ type: one.way, kind: one.kind, ssrc: one.ssrc, timestamp: moment, jitter: one.jitter },
    ...one.way === "inbound-rtp" ? { bytesReceived: one.bytes } : { bytesSent: one.bytes },
  };
  const data = one.way === "own"
    ? { rtt: 5 }
    : { sid: "1", states: { connection: "connected" }, reports: one.way === "none" ? [] : [report] };
  const [actor_id, peer_id] = one.from ? [ada, bob] : [bob, ada];
  const time = new Date(moment).toISOString();
  return { type: "p2p_session_stats", room_id: daily, actor_id, peer_id, time, data };
}

const report = (sql: Sql, events: readonly NewEvent[]) =>
  storeAll(sql, { origin: "telemetry", sessionid: ada, events, refusals: [] });
const rows = async (sql: Sql) =>
  [...await sql`select to_jsonb(q) as row from quality q order by event_id, way, ssrc`].map(({ row }) => row);

Deno.test("readings are stored with their events, and a rebuild makes the same", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const batches = fc.array(fc.array(measurement, { maxLength: 12 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(batches, async (told) => {
      await empty(sql);
      await sql`truncate quality`;
      await makeCall(sql);
      for (const batch of told) await report(sql, batch.map(eventOf));
      const before = await rows(sql);
      const read = told.flat().filter(({ way, bytes }) => way !== "own" && (way === "none" || bytes >= 0));
      const distinct = new Set(
        read.map(({ way, ssrc, second, from }) =>
          way === "none" ? `${second} ${from}` : `${way} ${ssrc} ${second} ${from}`
        ),
      );
      assert.equal(before.length, distinct.size, "each once");
      assert.equal((await rebuild(sql)).readings, 0);
      assert.deepEqual(await rows(sql), before);
      await sql`delete from quality where ctid in (select ctid from quality limit 1)`;
      await sql`update quality set bytes = 1, time = now()`;
      await sql`insert into quality (event_id, room_id, actor_id, peer_id, sid, way, ssrc, time, measured)
        values (1, ${daily}, ${ada}, ${bob}, 'x', 'in', 1, now(), 5)`;
      assert.ok((await rebuild(sql)).readings > 0);
      assert.deepEqual(await rows(sql), before);
    }),
    { numRuns: 25 },
  );
});

Deno.test("a reading is of the event that it names, among others of its group", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const good = (second: number, bytes: number) =>
    eventOf({ way: "inbound-rtp", kind: "audio", ssrc: 1, second, bytes, jitter: 0.5, from: true });
  const own = eventOf({ way: "own", kind: "audio", ssrc: 1, second: 1, bytes: 1, jitter: null, from: true });
  await storeAll(
    sql,
    { origin: "telemetry", sessionid: ada, events: [own, good(1, 10), own], refusals: [] },
    { origin: "telemetry", sessionid: ada, events: [good(2, 20)], refusals: [] },
  );
  const told = await sql<{ same: boolean; bytes: number }[]>`
    select q.time = e.time and e.data->'reports'->0->>'bytesReceived' = q.bytes::text as same, q.bytes
    from quality q join events e on e.id = q.event_id order by q.event_id`;
  assert.deepEqual(told.map(({ same, bytes }) => [same, bytes]), [[true, 10], [true, 20]]);
  const found = await readingsBetween(sql, {
    rooms: [daily],
    from: start,
    to: start + 1000,
    people: [bob],
    limit: 9,
  });
  assert.deepEqual(found.map(({ time, jitter, bytes }) => [time, jitter, bytes]), [[start + 1000, 500, 10]]);
});

Deno.test("a raw report that is due later than one stored after it is cleared when it is due", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const ago = (days: number, second: number) => ({
    ...eventOf({
      way: "inbound-rtp",
      kind: "audio",
      ssrc: 1,
      second,
      bytes: second,
      jitter: 0.5,
      from: true,
    }),
    time: new Date(Date.now() - days * 86_400_000).toISOString(),
  });
  await report(sql, [ago(40, 1), ago(29, 2), ago(31, 3), ago(10, 4), ago(35, 5)]);
  const cleared = async () => {
    const rows =
      await sql`select data->>'cleared' as cleared from events where type = 'p2p_session_stats' order by id`;
    return rows.map((row) => row["cleared"] === "true");
  };
  assert.equal(await clearMeasurements(sql, 30), 3);
  assert.deepEqual(await cleared(), [true, false, true, false, true]);
  assert.equal(await clearMeasurements(sql, 28), 1, "a day or two later");
  assert.deepEqual(await cleared(), [true, true, true, false, true]);
  assert.equal(await clearMeasurements(sql, 9), 1);
  assert.equal(await clearMeasurements(sql, 9), 0);
});

Deno.test("raw reports are cleared after their days; ids and readings stay, also rebuilt", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await makeCall(sql);
  const of = (second: number) =>
    eventOf({ way: "inbound-rtp", kind: "audio", ssrc: 1, second, bytes: second, jitter: 0.5, from: true });
  const young = { ...of(9), time: new Date().toISOString() };
  await report(sql, [of(1), of(2), young]);
  const before = await rows(sql);
  assert.equal(await clearMeasurements(sql, 30), 2);
  assert.equal(await clearMeasurements(sql, 30), 0);
  const data = await sql`select data->>'cleared' as cleared from events
    where type = 'p2p_session_stats' order by id`;
  assert.deepEqual(data.map(({ cleared }) => cleared), ["true", "true", null]);
  assert.equal((await rebuild(sql)).readings, 0);
  assert.deepEqual(await rows(sql), before);

  await sql`update log_head set earliest = id`;
  await forgetReadings(sql);
  assert.equal((await rows(sql)).length, 1, "readings go with their events");
});
