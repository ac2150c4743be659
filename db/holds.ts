/**
 * Holds: what keeps events beyond their retention, by name, until somebody removes it (ADR 0021).
 *
 * @module
 */
import type { Sql } from "./connect.ts";
import type { ListedRow } from "./rooms.ts";
import { transaction } from "./transaction.ts";

/** A hold as it is asked for. */
export interface NewHold {
  readonly name: string;
  /** Events after this id are kept; absent: all that are there. */
  readonly after: number | undefined;
  readonly reason: string;
}

/**
 * Adds a hold, or moves the one of that name. Returns its JSON; `gone` with the first event that there is, where
 * what it is to keep is gone already; null where there are `most` already.
 */
export async function setHold(
  sql: Sql,
  { name, after, reason }: NewHold,
  most: number,
): Promise<string | null | { readonly gone: number }> {
  return await transaction(sql, async (tx) => {
    // Retention waits, or has moved already.
    await tx`lock table holds in row exclusive mode`;
    const [{ earliest }] = await tx<[{ earliest: number }]>`select earliest from log_head`;
    if (after !== undefined && after < earliest - 1) return { gone: earliest };
    const [row] = await tx<{ json: string }[]>`
      insert into holds as h (name, after, reason)
      select ${name}, ${after ?? earliest - 1}, ${reason}
      where exists (select from holds where name = ${name}) or (select count(*) from holds) < ${most}
      on conflict (name) do update set after = excluded.after, reason = excluded.reason
      returning hold_json(h)::text as json`;
    return row?.json ?? null;
  });
}

/** Removes a hold. Returns whether there was one. */
export async function removeHold(sql: Sql, name: string): Promise<boolean> {
  return (await sql`delete from holds where name = ${name} returning name`).length > 0;
}

/** One page of holds, newest first. */
export async function findHolds(
  sql: Sql,
  { before, limit }: {
    readonly before: { readonly moment: string; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<ListedRow[]> {
  return await sql<ListedRow[]>`
    select name as id, utc(created) as moment, hold_json(h)::text as json from holds h
    where true ${
    before === undefined ? sql`` : sql`and (created, name) < (${before.moment}::timestamptz, ${before.id})`
  }
    order by created desc, name desc limit ${limit}`;
}
