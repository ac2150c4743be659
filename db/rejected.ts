/**
 * What was refused, and why.
 *
 * @module
 */
import type { Sql } from "./connect.ts";

/** Which refusals, newest first. */
export interface RejectedQuery {
  readonly origin?: "outbox" | "telemetry" | undefined;
  readonly code?: string | undefined;
  /** Only refusals before this id. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** One page of refusals. */
export async function findRejected(sql: Sql, query: RejectedQuery): Promise<{ id: number; json: string }[]> {
  const { origin, code, before, limit } = query;
  return await sql<{ id: number; json: string }[]>`
    select id, rejected_json(r)::text as json from rejected r
    where true
      ${origin === undefined ? sql`` : sql`and origin = ${origin}`}
      ${code === undefined ? sql`` : sql`and code = ${code}`}
      ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id desc limit ${limit}`;
}

/**
 * Forgets refused telemetry: after 30 days, after one day where it was of rooms or peers that the session was never
 * with, and the oldest first where more than 100,000 are kept. (What an outbox sent and was refused is kept until
 * somebody replays it.)
 */
export async function ageRejected(sql: Sql): Promise<void> {
  await sql`
    delete from rejected where origin = 'telemetry' and (time < now() - interval '30 days'
      or (time < now() - interval '1 day' and code in ('unknown_room', 'unknown_peer')))`;
  await sql`
    delete from rejected where origin = 'telemetry' and id <= (
      select id from rejected where origin = 'telemetry' order by id desc offset 100000 limit 1)`;
}
