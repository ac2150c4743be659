/**
 * Who is or was in a room together.
 *
 * @module
 */
import type { Sql, Transaction } from "./connect.ts";
import { textArray } from "./log.ts";

/** The sessions of each of these rooms that a session is or was in. */
export async function readCompany(
  sql: Sql | Transaction,
  sessionid: string,
  rooms: readonly string[],
): Promise<Map<string, Set<string>>> {
  if (rooms.length === 0) return new Map();
  const rows = await sql<{ room_id: string; sessionids: string[] }[]>`
    select room_id, json_agg(distinct sessionid) as sessionids from occupants
    where room_id in (
      select room_id from occupants
      where sessionid = ${sessionid} and room_id = any(${textArray(rooms)}::uuid[]))
    group by room_id`;
  return new Map(rows.map(({ room_id, sessionids }) => [room_id, new Set(sessionids)]));
}
