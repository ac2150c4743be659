/**
 * Runs of an outbox for the tests, and what the tables show after they were stored.
 *
 * @module
 */
import type { Sql } from "../../db/connect.ts";
import { store } from "../../db/store.ts";
import { SourceRecord } from "../../events/record.ts";
import type { OutboxLine, OutboxSubmission, Receipt, Refusal, Submission } from "../../events/submission.ts";
import { withDevice } from "../../ingest/outbox_batch.ts";

/** The records of tests/fixtures/records.ndjson. */
export const fixtureRecords: readonly SourceRecord[] =
  (await Deno.readTextFile(new URL("../fixtures/records.ndjson", import.meta.url))).trim().split("\n")
    .map((line) => SourceRecord.parse(JSON.parse(line)));

/** Records as a run of an outbox, numbered from `first`. */
export function outboxRun(
  records: readonly (SourceRecord | Refusal)[],
  { source = "node-a", epoch = "1-0000000a", first = 1, resumes = false } = {},
): OutboxSubmission {
  const lines = records.map((entry, i): OutboxLine =>
    "code" in entry ? { seq: first + i, refusal: entry } : { seq: first + i, ...withDevice(entry) }
  );
  return { origin: "outbox", source, epoch, lines, resumes };
}

/** Stores submissions as one group. */
export function storeAll(sql: Sql, ...submissions: Submission[]): Promise<readonly Receipt[]> {
  return store(sql, submissions);
}

/** The log, as readers see it. */
export async function readLog(sql: Sql): Promise<{ id: number; type: string; [key: string]: unknown }[]> {
  const rows = await sql`select event_json(e)::text as json from events e order by id`;
  return rows.map(({ json }) => JSON.parse(json));
}

/** Rows of what the log folds into. */
export async function readRows(sql: Sql) {
  const of = async (query: PromiseLike<readonly { json?: unknown }[]>) =>
    (await query).map(({ json }) => json);
  return {
    rooms: await of(sql`select room_json(r) as json from rooms r order by id`),
    users: await of(sql`select user_json(u) as json from users u order by sessionid`),
    occupants: await of(
      sql`select occupant_json(o) as json from occupants o order by room_id, sessionid, joined`,
    ),
  };
}

/** How far each epoch is stored. */
export async function readSequences(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql`select source, epoch, seq from sources order by source, epoch`;
  return Object.fromEntries(rows.map(({ source, epoch, seq }) => [`${source}/${epoch}`, seq]));
}

/** Empties everything but the migrations. */
export async function empty(sql: Sql): Promise<void> {
  await sql`truncate events, occupants, rooms, users, sources, rejected`;
  await sql`update log_head set id = 0, earliest = 1`;
}
