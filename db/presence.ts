/**
 * Who is or was in a room together.
 *
 * @module
 */
import { type Sql, textArray, type Transaction } from "./connect.ts";

/** By room, of these that a session is or was in: the sessions that were there while it was, itself included. */
export async function readCompany(
  sql: Sql | Transaction,
  sessionid: string,
  rooms: readonly string[],
): Promise<Map<string, Set<string>>> {
  if (rooms.length === 0) return new Map();
  const rows = await sql<{ room_id: string; sessionids: string[] }[]>`
    select mine.room_id, json_agg(distinct others.sessionid) as sessionids
    from occupants mine
    join occupants others on others.room_id = mine.room_id
      and others.joined <= coalesce(mine."left", 'infinity')
      and mine.joined <= coalesce(others."left", 'infinity')
    where mine.sessionid = ${sessionid} and mine.room_id = any(${textArray(rooms)}::uuid[])
    group by mine.room_id`;
  return new Map(rows.map(({ room_id, sessionids }) => [room_id, new Set(sessionids)]));
}

/** Whether a session is in a room now. */
export async function isPresent(sql: Sql, sessionid: string, room: string): Promise<boolean> {
  const rows = await sql`
    select 1 from occupants where room_id = ${room} and sessionid = ${sessionid} and "left" is null`;
  return rows.length > 0;
}
