/**
 * Finding rooms and sessions by what somebody has at hand: a name, an id or its beginning, a user.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import type { Sql } from "./connect.ts";
import { showsRoom, showsSession } from "./view.ts";

/** What is looked for. */
export interface Search {
  readonly view: View;
  readonly text: string;
  /** Only what was there at this time (RFC 3339). */
  readonly at?: string | undefined;
  readonly limit: number;
}

/**
 * Rooms and sessions in which a text occurs, newest first, as JSON. An id or an exact user is found however old;
 * parts of names among the newest.
 */
export async function search(
  sql: Sql,
  { view, text, at, limit }: Search,
): Promise<{ readonly rooms: readonly string[]; readonly users: readonly string[] }> {
  const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
  const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : null;
  const there = (begin: string) =>
    at === undefined
      ? sql``
      : sql`and ${sql(begin)} <= ${at}::timestamptz and (ended is null or ended >= ${at}::timestamptz)`;
  const [rooms, users] = await Promise.all([
    sql<{ json: string }[]>`
      select room_json(r)::text as json from (
        (select * from rooms where id = ${id}::uuid)
        union
        (select * from (select * from rooms
          where true ${at === undefined ? sql`` : sql`and created <= ${at}::timestamptz`}
          order by created desc, id desc limit ${mostLookedAt}) newest
          where name ilike ${pattern} or id::text like ${pattern.slice(1).toLowerCase()})
      ) r where ${showsRoom(sql, "r.id", view)} ${there("r.created")}
      order by created desc, id desc limit ${limit}`,
    sql<{ json: string }[]>`
      select user_json(u)::text as json from users u join (
        (select sessionid from users where sessionid = ${id}::uuid)
        union
        (select sessionid from users where userid = ${text} order by created desc limit ${limit})
        union
        (select sessionid from (select sessionid, userid from users
          where true ${at === undefined ? sql`` : sql`and created <= ${at}::timestamptz`}
          order by created desc, sessionid desc limit ${mostLookedAt}) newest
          where userid ilike ${pattern} or sessionid::text like ${pattern.slice(1).toLowerCase()})
      ) found using (sessionid)
      where ${showsSession(sql, "u.sessionid", view)} ${there("u.created")}
      order by u.created desc, u.sessionid desc limit ${limit}`,
  ]);
  return { rooms: rooms.map(({ json }) => json), users: users.map(({ json }) => json) };
}

// ---

/** Of so many of the newest, names are compared. */
const mostLookedAt = 5000;
