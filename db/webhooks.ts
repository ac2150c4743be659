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
  readonly authorization: string | null;
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
  /** Sealed; null: none. */
  readonly authorization?: string | null | undefined;
  readonly paused?: boolean | undefined;
}

/** Adds a webhook, unless there are `most` already. Returns its JSON as it is listed, or null. */
export async function addWebhook(sql: Sql, row: NewWebhookRow, most: number): Promise<string | null> {
  const { id, name, url, secret, authorization, view, format, batchSize, cursor, generation, state } = row;
  const secrets: SealedSecret[] = [{ sealed: secret, until: null }];
  const [added] = await sql<{ json: string }[]>`
    insert into webhooks as w
      (id, name, url, secrets, sealed_authorization, rooms, types, format, batch_size, cursor, generation, state)
    select ${id}, ${name}, ${url}, ${JSON.stringify(secrets)}::text::jsonb, ${authorization},
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
  const { name, url, rooms, types, format, batchSize, authorization, paused } = change;
  const [row] = await sql<{ json: string }[]>`
    update webhooks w set version = version + 1, name = coalesce(${name ?? null}, name),
      url = coalesce(${url ?? null}, url), format = coalesce(${format ?? null}, format),
      batch_size = coalesce(${batchSize ?? null}::integer, batch_size)
      ${authorization === undefined ? sql`` : sql`, sealed_authorization = ${authorization}`}
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

/**
 * Moves a webhook's cursor, and lets it go on from there, whatever stopped it. The batch that was under way is no more.
 * Returns its JSON, or null where there is none.
 */
export async function moveWebhook(
  sql: Sql,
  id: string,
  { cursor, generation }: { readonly cursor: number; readonly generation: string },
): Promise<string | null> {
  const [row] = await sql<{ json: string }[]>`
    update webhooks w set version = version + 1, cursor = ${cursor}, generation = ${generation}, batch = null,
      state = case when state = 'pending' then 'pending' else 'active' end, reason = null,
      failures = 0, failing_since = null, next_attempt = now()
    where id = ${id} returning webhook_json(w)::text as json`;
  return row?.json ?? null;
}

/** A webhook's place in the log, and its state; null where there is no webhook. */
export async function findPlace(
  sql: Sql,
  id: string,
): Promise<{ readonly cursor: number; readonly generation: string; readonly state: string } | null> {
  const [row] = await sql<{ cursor: number; generation: string; state: string }[]>`
    select cursor, generation, state from webhooks where id = ${id}`;
  return row ?? null;
}

/**
 * Gives a webhook another secret. Those before sign as well for `overlap` seconds, and no longer than they would have.
 * Returns until when (RFC 3339), or null where there is no webhook.
 */
export async function rotateSecret(
  sql: Sql,
  id: string,
  secret: string,
  overlap: number,
): Promise<string | null> {
  const [row] = await sql<{ until: string }[]>`
    update webhooks set version = version + 1,
      secrets = jsonb_build_array(jsonb_build_object('sealed', ${secret}::text, 'until', null)) || coalesce((
        select jsonb_agg(jsonb_build_object('sealed', s->>'sealed', 'until',
          utc(least((s->>'until')::timestamptz, now() + make_interval(secs => ${overlap})))) order by n)
        from jsonb_array_elements(secrets) with ordinality as old (s, n)
        where n <= ${mostSecrets - 1} and coalesce((s->>'until')::timestamptz > now(), true)), '[]')
    where id = ${id}
    returning utc(now() + make_interval(secs => ${overlap})) as until`;
  return row?.until ?? null;
}

/** Attempts at a webhook's deliveries, newest first; `before` is the id of one. */
export async function findDeliveries(
  sql: Sql,
  { id, before, limit }: { readonly id: string; readonly before: number | undefined; readonly limit: number },
): Promise<ListedRow[]> {
  return await sql<ListedRow[]>`
    select id::text, utc(time) as moment, webhook_delivery_json(d)::text as json from webhook_deliveries d
    where webhook_id = ${id} ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id desc limit ${limit}`;
}

/** Forgets attempts of more than thirty days ago, and of each webhook all but the newest so many. */
export async function forgetDeliveries(sql: Sql, most = 1000): Promise<void> {
  await sql`delete from webhook_deliveries where time < now() - interval '30 days'`;
  await sql`
    delete from webhook_deliveries d using webhooks w cross join lateral (
      select id from webhook_deliveries where webhook_id = w.id order by id desc offset ${most} limit 1) last
    where d.webhook_id = w.id and d.id <= last.id`;
}

/** Removes a webhook with what is known of its deliveries. Returns whether there was one. */
export async function deleteWebhook(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`delete from webhooks where id = ${id} returning id`;
  return rows.length > 0;
}

// ---

/** While one replaces another, and that one another. */
const mostSecrets = 3;

function jsonOf(list: readonly string[] | null | undefined): string | null {
  return list ? JSON.stringify(list) : null;
}
