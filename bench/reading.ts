/**
 * Reading the history: what it is worth to let the database build the JSON.
 *
 * @module
 */
import { everything } from "../events/view.ts";
import { connect } from "../db/connect.ts";
import { findEvents, readLines } from "../db/events.ts";
import { store } from "../db/store.ts";
import { batch, freshDatabase } from "./appending.ts";
import type { Finding } from "./finding.ts";

const rows = 100_000;

/** Pages and rows a second. */
export async function* benchReading(server: string): AsyncGenerator<Finding> {
  const sql = connect(await freshDatabase(server, "bench_reading"));
  for (let first = 1; first <= rows; first += 2000) {
    await store(sql, [batch("epoch", first, 2000)]);
  }
  const place = () => Math.floor(Math.random() * (rows - 50));

  yield {
    name: "Pages of 50 events a second (8 at a time)",
    figures: [
      {
        label: "rows to objects, objects to JSON",
        value: await rate(async () => {
          const found = await sql`
            select id, type, room_id, actor_id, peer_id, time, data from events
            where id > ${place()} order by id limit 50`;
          JSON.stringify(found);
        }),
      },
      {
        label: "JSON built by PostgreSQL",
        value: await rate(async () => {
          const found = await findEvents(sql, { view: everything, after: place(), order: "asc", limit: 50 });
          found.map(({ json }) => json).join(",");
        }),
      },
    ],
  };

  const begun = performance.now();
  const before = Deno.memoryUsage().rss;
  let peak = before;
  for await (const _page of readLines(sql, { view: everything, order: "asc" }, "json")) {
    peak = Math.max(peak, Deno.memoryUsage().rss);
  }
  const seconds = (performance.now() - begun) / 1000;
  yield {
    name: "Events a second as NDJSON",
    figures: [{ label: "in pages of 2,000", value: rows / seconds }],
  };
  await sql.end();
}

// ---

/** Rounds a second, eight at a time, over two seconds. */
async function rate(round: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  let done = 0;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (performance.now() - begun < 2000) {
      await round();
      done++;
    }
  }));
  return done / ((performance.now() - begun) / 1000);
}
