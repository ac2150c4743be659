/**
 * Webhooks as people make, see and change them. Who delivers them: `db/webhook_leases.ts`.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import type { Sql } from "./connect.ts";
import type { ListedRow } from "./rooms.ts";

/** A secret as it is kept, and until when it signs (RFC 3339); null: until another one replaces it. */
export interface SealedSecret {
  readonly sealed: string;
  readonly until: string | null;
}

/** A webhook that is to be added. */
export interface NewWebhookRow {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly view: View;
  readonly format: string;
  readonly batchSize: number;
  /** Everything up to this event is taken as delivered. */
  readonly cursor: number;
  readonly generation: string;
  readonly state: "pending" | "active";
}

/** What may be changed. Absent: stays. */
export interface WebhookChange {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  /** Null: all. */
  readonly rooms?: readonly string[] | null | undefined;
  readonly types?: readonly string[] | null | undefined;
  readonly format?: string | undefined;
  readonly batchSize?: number | undefined;
  readonly paused?: boolean | undefined;
}

/** Adds a webhook, unless there are `most` already. Returns its JSON as it is listed, or null. */
export async function addWebhook(sql: Sql, row: NewWebhookRow, most: number): Promise<string | null> {
  const { id, name, url, secret, view, format, batchSize, cursor, generation, state } = row;
  const secrets: SealedSecret[] = [{ sealed: secret, until: null }];
  const [added] = await sql<{ json: string }[]>`
    insert into webhooks as w
      (id, name, url, secrets, rooms, types, format, batch_size, cursor, generation, state)
    select ${id}, ${name}, ${url}, ${JSON.stringify(secrets)}::text::jsonb,
      ${jsonOf(view.rooms)}::text::jsonb, ${jsonOf(view.types)}::text::jsonb, ${format}, ${batchSize},
      ${cursor}, ${generation}, ${state}
    where (select count(*) from webhooks) < ${most}
    returning webhook_json(w)::text as json`;
  return added?.json ?? null;
}

/** One page of webhooks, newest first. */
export async function findWebhooks(
  sql: Sql,
  { before, limit }: {
    readonly before?: { readonly moment: string; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<ListedRow[]> {
  return await sql<ListedRow[]>`
    select id, utc(created) as moment, webhook_json(w)::text as json from webhooks w
    where true ${
    before === undefined ? sql`` : sql`and (created, id) < (${before.moment}::timestamptz, ${before.id})`
  }
    order by created desc, id desc limit ${limit}`;
}

/** A webhook's JSON; null where there is none. */
export async function findWebhook(sql: Sql, id: string): Promise<string | null> {
  const [row] = await sql<{ json: string }[]>`
    select webhook_json(w)::text as json from webhooks w where id = ${id}`;
  return row?.json ?? null;
}

/**
 * Changes a webhook. A batch that is under way stays as it was cut. Going on (`paused: false`) begins with an attempt
 * at once, from the cursor. Returns its JSON, or null where there is none.
 */
export async function changeWebhook(sql: Sql, id: string, change: WebhookChange): Promise<string | null> {
  const { name, url, rooms, types, format, batchSize, paused } = change;
  const [row] = await sql<{ json: string }[]>`
    update webhooks w set version = version + 1, name = coalesce(${name ?? null}, name),
      url = coalesce(${url ?? null}, url), format = coalesce(${format ?? null}, format),
      batch_size = coalesce(${batchSize ?? null}::integer, batch_size)
      ${rooms === undefined ? sql`` : sql`, rooms = ${jsonOf(rooms)}::text::jsonb`}
      ${types === undefined ? sql`` : sql`, types = ${jsonOf(types)}::text::jsonb`}
      ${
    paused === undefined
      ? sql``
      : paused
      ? sql`, state = case when state in ('active', 'pending') then 'paused' else state end,
          reason = case when state in ('active', 'pending') then 'by an operator' else reason end`
      : sql`, state = case when state in ('paused', 'disabled') then 'active' else state end,
          reason = case when state in ('paused', 'disabled') then null else reason end,
          failures = 0, failing_since = null, next_attempt = now()`
  }
    where id = ${id} returning webhook_json(w)::text as json`;
  return row?.json ?? null;
}

/** Removes a webhook with what is known of its deliveries. Returns whether there was one. */
export async function deleteWebhook(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`delete from webhooks where id = ${id} returning id`;
  return rows.length > 0;
}

// ---

function jsonOf(list: readonly string[] | null | undefined): string | null {
  return list ? JSON.stringify(list) : null;
}
