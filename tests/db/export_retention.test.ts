import assert from "node:assert/strict";
import { ForgottenMeanwhile, readLines } from "../../db/events.ts";
import { everything } from "../../events/view.ts";
import { testDatabase } from "../harness/database.ts";
import { generateYears } from "../harness/years.ts";

/** Reads two pages (400 lines), has the events before `earliest` go, and returns how many lines the rest has. */
async function exportAcross(order: "asc" | "desc", earliest: number): Promise<number> {
  await using database = await testDatabase();
  const { sql } = database;
  await generateYears(sql, { events: 2000 });
  const pages = readLines(sql, { order, view: everything, types: [], rooms: [] }, "json");
  for (let page = 0; page < 2; page++) await pages.next();
  await sql`update log_head set earliest = ${earliest}`;
  await sql`delete from events where id < ${earliest}`;
  let count = 0;
  for await (const page of pages) count += new TextDecoder().decode(page).split("\n").length - 1;
  return count;
}

for (const order of ["asc", "desc"] as const) {
  Deno.test(`an export is broken off where its events are forgotten meanwhile (${order})`, async () => {
    await assert.rejects(exportAcross(order, 900), ForgottenMeanwhile);
  });
}

Deno.test("an export that is past what is forgotten goes on", async () => {
  assert.equal(await exportAcross("asc", 100), 1600);
});
