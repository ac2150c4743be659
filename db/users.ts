/**
 * Sessions: queries, and the row that a request for configuration makes.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import type { Sql } from "./connect.ts";
import type { ListedRow } from "./rooms.ts";
import { showsSession } from "./view.ts";

/** Which sessions, newest first. Absent: no restriction. */
export interface UserQuery {
  /** What the reader may see at all: sessions that have been in its rooms. */
  readonly view: View;
  readonly active?: boolean | undefined;
  readonly userid?: string | undefined;
  readonly type?: "browser" | "mobile" | undefined;
  /** By `created`: from (inclusive) to (exclusive), RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly before?: { readonly moment: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** One page of sessions. */
export async function findUsers(sql: Sql, query: UserQuery): Promise<ListedRow[]> {
  const { view, active, userid, type, from, to, before, limit } = query;
  return await sql<ListedRow[]>`
    select sessionid as id, utc(created) as moment, user_json(u)::text as json from users u
    where ${showsSession(sql, "u.sessionid", view)}
      ${active === undefined ? sql`` : active ? sql`and ended is null` : sql`and ended is not null`}
      ${userid === undefined ? sql`` : sql`and userid = ${userid}`}
      ${type === undefined ? sql`` : sql`and type = ${type}`}
      ${from === undefined ? sql`` : sql`and created >= ${from}::timestamptz`}
      ${to === undefined ? sql`` : sql`and created < ${to}::timestamptz`}
      ${
    before === undefined
      ? sql``
      : sql`and (created, sessionid) < (${before.moment}::timestamptz, ${before.id}::uuid)`
  }
    order by created desc, sessionid desc limit ${limit}`;
}

/** A session's JSON; null when a view shows none such. */
export async function readUser(sql: Sql, sessionid: string, view: View): Promise<string | null> {
  const [row] = await sql<{ json: string }[]>`
    select user_json(u)::text as json from users u
    where sessionid = ${sessionid} and ${showsSession(sql, "u.sessionid", view)}`;
  return row?.json ?? null;
}

/** A session that has just been given its credential. */
export interface NewUser {
  readonly sessionid: string;
  readonly userid: string;
  readonly type: "browser" | "mobile";
  readonly os: string;
  readonly browser: string;
  readonly useragent: string;
  /** How long its credential lasts, in seconds. */
  readonly lifetime: number;
  /** What its application says of it. */
  readonly customerData: Readonly<Record<string, unknown>>;
}

/** Adds a session's row. */
export async function addUser(sql: Sql, user: NewUser): Promise<void> {
  const { sessionid, userid, type, os, browser, useragent, lifetime, customerData } = user;
  await sql`
    insert into users (sessionid, userid, type, os, browser, useragent, created, expires, customer_data)
    values (${sessionid}, ${userid}, ${type}, ${os}, ${browser}, ${useragent}, now(),
      now() + make_interval(secs => ${lifetime}), ${JSON.stringify(customerData)}::text::jsonb)`;
}

/** What a session's application said of it, as JSON; null when there is no such session. */
export async function readCustomerData(sql: Sql, sessionid: string): Promise<string | null> {
  const [row] = await sql<{ json: string }[]>`
    select coalesce(customer_data, '{}')::text as json from users where sessionid = ${sessionid}`;
  return row?.json ?? null;
}

/**
 * What a session's application said of it, as JSON, if the session goes on or was over no longer than `within`
 * seconds ago; null otherwise.
 */
export async function readRecentSession(
  sql: Sql,
  { sessionid, userid }: { readonly sessionid: string; readonly userid: string },
  within: number,
): Promise<string | null> {
  const [row] = await sql<{ json: string }[]>`
    select coalesce(customer_data, '{}')::text as json from users
    where sessionid = ${sessionid} and userid = ${userid}
      and (ended is null or ended > now() - make_interval(secs => ${within}))`;
  return row?.json ?? null;
}

/** Forgets what applications said of users whose session is over and whose credential has ended. */
export async function forgetCustomerData(sql: Sql): Promise<void> {
  await sql`
    update users set customer_data = null
    where customer_data is not null and ended is not null and expires < now()`;
}

/**
 * Deletes sessions that Prosody has never seen: those with customerData when their credential has ended, the others
 * after an hour. (Should one of these still come, Prosody tells of it, and its row is made anew.) Some at a time,
 * so that nobody waits for the rows. Returns how many.
 */
export async function deleteUnusedSessions(sql: Sql): Promise<number> {
  let deleted = 0;
  while (true) {
    const { count } = await sql`
      delete from users where sessionid = any(array(
        select sessionid from users
        where source is null and created < now() - interval '1 hour'
          and (expires < now() or coalesce(customer_data, '{}') = '{}')
        order by created limit ${mostAtOnce}))`;
    deleted += count;
    if (count < mostAtOnce) return deleted;
  }
}

// ---

const mostAtOnce = 1000;
