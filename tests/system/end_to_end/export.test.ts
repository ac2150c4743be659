import assert from "node:assert/strict";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { testService } from "../../harness/service.ts";

/** Rows of the export; a million with TALKY_TEST_LONG. */
const rows = Deno.env.get("TALKY_TEST_LONG") ? 1_000_000 : 150_000;
const mostGrowth = 64 * 1024 * 1024;

Deno.test({
  name: "the history as NDJSON and CSV takes no memory that grows with it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using database = await testDatabase();
    await fill(database);
    await using service = await testService({ database });
    // The first answers load code and warm the pool.
    await countLines(service, "application/x-ndjson", "&limit=10000");
    for (const accept of ["application/x-ndjson", "text/csv"]) {
      const before = await residentBytes(service.pid);
      const { lines, peak } = await countLines(service, accept);
      assert.equal(lines, rows + (accept === "text/csv" ? 1 : 0));
      assert.ok(peak - before < mostGrowth, `${accept}: ${before} bytes grew to ${peak}`);
    }
  },
});

// ---

async function fill({ sql }: TestDatabase): Promise<void> {
  const room = crypto.randomUUID();
  await sql`insert into rooms (id, name, jid, created) values (${room}, 'r', 'r@rooms.test', now())`;
  await sql`
    insert into events (id, type, room_id, actor_id, time, data)
    select n, 'message_sent', ${room}, ${room}, now(), '{"length": 42}' from generate_series(1, ${rows}::int) n`;
  await sql`update log_head set id = ${rows}`;
}

/** Reads a whole export; counts its lines, and what the service takes meanwhile. */
async function countLines(service: { url: string; token: string; pid: number }, accept: string, query = "") {
  const headers = { authorization: `Bearer ${service.token}`, accept };
  const response = await fetch(`${service.url}/events?after=0${query}`, { headers });
  assert.equal(response.status, 200);
  let [lines, peak] = [0, 0];
  for await (const chunk of response.body!) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
    peak = Math.max(peak, await residentBytes(service.pid));
  }
  return { lines, peak };
}

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}
