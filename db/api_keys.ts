/**
 * API keys and tickets, as rows (ADR 0016).
 *
 * @module
 */
import type { View } from "../events/view.ts";
import { type Sql, textArray } from "./connect.ts";
import type { ListedRow } from "./rooms.ts";

/** What a key may do. */
export type KeyScope = "read" | "manage" | "admin";

/** A key that is to be added. */
export interface NewKeyRow {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly scope: KeyScope;
  readonly view: View;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** A current key: what it may do, and what it is compared with. */
export type KeyRow = Omit<NewKeyRow, "name">;

/** Adds a key. Returns its JSON as it is listed. */
export async function addApiKey(
  sql: Sql,
  { id, name, hash, scope, view, expires }: NewKeyRow,
): Promise<string> {
  const [row] = await sql<[{ json: string }]>`
    insert into api_keys as k (id, name, hash, scope, rooms, types, expires)
    values (${id}, ${name}, ${hash}, ${scope}, ${jsonOf(view.rooms)}::text::jsonb, ${
    jsonOf(view.types)
  }::text::jsonb,
      ${new Date(expires).toISOString()})
    returning api_key_json(k)::text as json`;
  return row.json;
}

/**
 * A key that is neither revoked nor over; null where there is none. Notes that it was used, once a minute at most:
 * a key that is shown a thousand times a second costs no more than one write.
 */
export async function findApiKey(sql: Sql, id: string): Promise<KeyRow | null> {
  const [row] = await sql<(Omit<KeyRow, "view"> & View & { stale: boolean })[]>`
    select id, hash, scope, rooms, types, (extract(epoch from expires) * 1000)::float8 as expires,
      used is null or used < now() - interval '1 minute' as stale
    from api_keys where id = ${id} and revoked is null and expires > now()`;
  if (!row) return null;
  const { stale, rooms, types, ...key } = row;
  if (stale) await noteUse(sql, [id]);
  return { ...key, view: { ...rooms && { rooms }, ...types && { types } } };
}

/** Which of these keys, which are in use, are current. */
export async function findCurrentKeys(sql: Sql, ids: readonly string[]): Promise<Set<string>> {
  await noteUse(sql, ids);
  const rows = await sql<{ id: string }[]>`
    select id from api_keys where id = any(${
    textArray(ids)
  }::text[]) and revoked is null and expires > now()`;
  return new Set(rows.map(({ id }) => id));
}

/** Which keys, newest first. */
export interface ApiKeyQuery {
  /** Only those that are current (true), or are revoked or over (false). */
  readonly active?: boolean | undefined;
  readonly before?: { readonly moment: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** One page of keys. */
export async function findApiKeys(sql: Sql, { active, before, limit }: ApiKeyQuery): Promise<ListedRow[]> {
  const current = sql`(revoked is null and expires > now())`;
  return await sql<ListedRow[]>`
    select id, utc(created) as moment, api_key_json(k)::text as json from api_keys k
    where true
      ${active === undefined ? sql`` : active ? sql`and ${current}` : sql`and not ${current}`}
      ${before === undefined ? sql`` : sql`and (created, id) < (${before.moment}::timestamptz, ${before.id})`}
    order by created desc, id desc limit ${limit}`;
}

/** Revokes a key. Returns whether there is one; again is no error. */
export async function revokeApiKey(sql: Sql, id: string): Promise<boolean> {
  const rows =
    await sql`update api_keys set revoked = coalesce(revoked, now()) where id = ${id} returning id`;
  return rows.length > 0;
}

/** Keeps a ticket until it is taken, or `lifetime` seconds. `grant` is what it stands for. */
export async function addTicket(sql: Sql, hash: string, grant: object, lifetime: number): Promise<string> {
  const [row] = await sql<[{ expires: string }]>`
    insert into tickets (hash, grant_json, expires)
    values (${hash}, ${JSON.stringify(grant)}::text::jsonb, now() + make_interval(secs => ${lifetime}))
    returning utc(expires) as expires`;
  return row.expires;
}

/** Takes a ticket: what it stands for, once; null where there is none (any more). */
export async function takeTicket(sql: Sql, hash: string): Promise<unknown> {
  const [row] = await sql<{ grant: unknown }[]>`
    delete from tickets where hash = ${hash} and expires > now() returning grant_json as grant`;
  return row?.grant ?? null;
}

/** Forgets tickets that nobody has taken, and keys that ended a year ago. */
export async function forgetOldKeys(sql: Sql): Promise<void> {
  await sql`delete from tickets where expires < now()`;
  await sql`delete from api_keys where least(expires, revoked) < now() - interval '1 year'`;
}

// ---

function jsonOf(list: readonly string[] | undefined): string | null {
  return list ? JSON.stringify(list) : null;
}

/** Only for people to look at: where it cannot be written (a database in recovery), the key is as good. */
async function noteUse(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql`
    update api_keys set used = now() where id = any(${textArray(ids)}::text[])
      and revoked is null and (used is null or used < now() - interval '1 minute')`.catch(() => {});
}
