/**
 * What rooms and people are called, for who is told of events in words.
 *
 * @module
 */
import { type Sql, textArray } from "./connect.ts";

/** A room's life. `created` in RFC 3339. */
export interface RoomName {
  readonly name: string;
  readonly jid: string;
  readonly created: string;
}

/** A session's person. What the application's token has said is there until it is forgotten. */
export interface PersonName {
  readonly userid: string;
  readonly customerData: Readonly<Record<string, unknown>>;
}

/** By id of the room's life, by session. */
export interface Names {
  readonly rooms: ReadonlyMap<string, RoomName>;
  readonly people: ReadonlyMap<string, PersonName>;
}

/** Reads them; who is not known is not there. */
export async function readNames(
  sql: Sql,
  rooms: readonly string[],
  sessions: readonly string[],
): Promise<Names> {
  const [roomRows, userRows] = await Promise.all([
    sql<(RoomName & { id: string })[]>`
      select id, name, jid, utc(created) as created from rooms where id = any(${textArray(rooms)}::uuid[])`,
    sql<{ sessionid: string; userid: string; data: Record<string, unknown> }[]>`
      select sessionid, userid, coalesce(customer_data, '{}') as data from users
      where sessionid = any(${textArray(sessions)}::uuid[])`,
  ]);
  return {
    rooms: new Map(roomRows.map(({ id, ...room }) => [id, room])),
    people: new Map(
      userRows.map(({ sessionid, userid, data }) => [sessionid, { userid, customerData: data }]),
    ),
  };
}
