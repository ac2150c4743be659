import assert from "node:assert/strict";
import { noteOlderTimes } from "../../db/event_times.ts";
import { findEvents, readLines } from "../../db/events.ts";
import { testDatabase } from "../harness/database.ts";
import { began, generateYears, lasts } from "../harness/years.ts";

const types = ["p2p_session_stats", "message_sent", "room_locked", "occupant_left", "rtt_enabled"];

/** Spans of every width, at places that repeat from run to run. */
function spans(): { from?: string; to?: string }[] {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const widths = [60e3, 3.5 * 3600e3, 26 * 3600e3, 9 * 86400e3, 47 * 86400e3, 200 * 86400e3];
  const closed = Array.from({ length: 36 }, (_, i) => {
    const from = began + (random() * 1.1 - 0.05) * lasts;
    return { from: iso(from), to: iso(from + widths[i % widths.length]!) };
  });
  // The wrong clock was nine years ahead.
  const ahead = { from: iso(began + 5 * lasts), to: iso(began + 12 * lasts) };
  const hour = { from: "2025-06-01T10:00:00Z", to: "2025-06-01T11:00:00Z" };
  return [...closed, ahead, hour, { from: iso(began + lasts / 2) }, { to: iso(began + lasts / 2) }];
}

const iso = (time: number) => new Date(time).toISOString();

Deno.test("whatever span of time and types: what a plain scan finds, in order, in pages", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await generateYears(sql, { events: 20_000, rooms: 200 });
  // Half of it as if it had been there before the table.
  await sql`delete from event_times where block <= 9`;
  await sql`update log_head set untimed = 10 * 1024 - 1`;
  for (const round of ["before housekeeping", "after"]) {
    for (const [i, { from, to }] of spans().entries()) {
      const wanted = i % 3 === 0 ? undefined : types.slice(i % 4, i % 4 + 1 + i % 2);
      const after = i % 5 === 0 ? 7000 : undefined;
      const expected = (await sql<{ id: number }[]>`
        select id from events where time >= ${from ?? "-infinity"}::text::timestamptz
          and time < ${to ?? "infinity"}::text::timestamptz and id > ${after ?? 0}
          ${wanted ? sql`and type = any(${`{${wanted.join(",")}}`}::text[])` : sql``} order by id`)
        .map(({ id }) => id);
      const query = { view: {}, from, to, types: wanted, after };
      const what = `${round}: ${JSON.stringify(query)}`;
      for (const order of ["asc", "desc"] as const) {
        const all = order === "asc" ? expected : expected.toReversed();
        const page = await findEvents(sql, { ...query, order, limit: 70 });
        assert.deepEqual(page.map(({ id }) => id), all.slice(0, 70), `${what} ${order}`);
      }
      if (i % 6 === 0) {
        let text = "";
        for await (const lines of readLines(sql, { ...query, order: "desc" }, "json")) {
          text += new TextDecoder().decode(lines);
        }
        const ids = text.split("\n").filter(Boolean).map((line) => JSON.parse(line).id);
        assert.deepEqual(ids, expected.toReversed(), what);
      }
    }
    while (await noteOlderTimes(sql));
    const [head] = await sql`select untimed from log_head`;
    assert.equal(head!["untimed"], 0);
  }
});

Deno.test("every event's hour, day and month is known, however it came in", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await generateYears(sql, { events: 5000, rooms: 50 });
  await sql`insert into events (id, type, time) values (1000000, 'rtt_enabled', '1999-01-01T00:30:00Z')`;
  const missing = await sql`
    select e.id, t, level from events e, unnest(array[type, '']) t, unnest(array['hour', 'day', 'month']) level
    where not exists (select from event_times k where k.type = t and k.level = level
      and k.bucket = date_trunc(level, e.time, 'UTC') and k.block = e.id >> 10)`;
  assert.deepEqual([...missing], []);
});
