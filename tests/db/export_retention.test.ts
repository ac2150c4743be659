import assert from "node:assert/strict";
import { ForgottenMeanwhile, readLines } from "../../db/events.ts";
import { everything } from "../../events/view.ts";
import { testDatabase } from "../harness/database.ts";
import { generateYears } from "../harness/years.ts";

for (
  const [order, earliest, left] of [["asc", 900, null], ["asc", 100, 1600], ["desc", 900, null]] as const
) {
  const what = left === null
    ? "is broken off where its events are forgotten meanwhile"
    : "goes on past what is forgotten";
  Deno.test(`an export (${order}) ${what}`, async () => {
    await using database = await testDatabase();
    const { sql } = database;
    await generateYears(sql, { events: 2000 });
    const pages = readLines(sql, { order, view: everything, types: [], rooms: [] }, "json");
    for (let page = 0; page < 2; page++) await pages.next();
    await sql`update log_head set earliest = ${earliest}`;
    await sql`delete from events where id < ${earliest}`;
    const rest = (async () => {
      let count = 0;
      for await (const page of pages) count += new TextDecoder().decode(page).split("\n").length - 1;
      return count;
    })();
    if (left === null) await assert.rejects(rest, ForgottenMeanwhile);
    else assert.equal(await rest, left, "all but the first two pages");
  });
}
