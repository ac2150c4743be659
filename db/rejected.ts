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
