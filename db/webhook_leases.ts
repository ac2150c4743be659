/**
 * Webhooks as those see them who deliver. A lease makes one instance the reader of an endpoint; it ends in the
 * database's time. Whatever an instance writes afterwards holds only while the lease is still its own, and while nobody
 * has changed the webhook meanwhile (`version`).
 *
 * @module
 */
import type { EventType } from "../events/event.ts";
import { type Sql, textArray } from "./connect.ts";
import type { SealedSecret } from "./webhooks.ts";

/** Which events one delivery has, fixed until it succeeds. */
export interface Cut {
  readonly first: number;
  readonly last: number;
  /** The filter and the form of then; null: all. */
  readonly rooms: readonly string[] | null;
  readonly types: readonly EventType[] | null;
  readonly format: string;
}

/** A webhook with its state, as it was when the lease was taken. */
export interface LeasedWebhook {
  readonly id: string;
  readonly url: string;
  readonly secrets: readonly SealedSecret[];
  readonly sealed_authorization: string | null;
  readonly rooms: readonly string[] | null;
  readonly types: readonly EventType[] | null;
  readonly format: string;
  readonly batch_size: number;
  readonly version: number;
  readonly state: "pending" | "active";
  readonly generation: string;
  readonly cursor: number;
  readonly batch: Cut | null;
  readonly failures: number;
  /** Milliseconds to the next attempt; 0: now. */
  readonly wait: number;
}

/** Whose lease, of what version of which webhook. */
export interface Lease {
  readonly id: string;
  readonly holder: string;
  readonly version: number;
}

/**
 * Takes webhooks that nobody delivers, for `seconds`. Never waits for another one who does the same. `held` are those
 * that this holder delivers.
 */
export async function takeLeases(
  sql: Sql,
  { holder, seconds, most, held }: {
    readonly holder: string;
    readonly seconds: number;
    readonly most: number;
    readonly held: readonly string[];
  },
): Promise<LeasedWebhook[]> {
  return await sql<LeasedWebhook[]>`
    with free as (
      select id from webhooks
      where state in ('pending', 'active') and (lease_until is null or lease_until < now()
        or (holder = ${holder} and not id = any(${textArray(held)}::uuid[])))
      order by lease_until nulls first limit ${most} for update skip locked
    )
    update webhooks w set holder = ${holder}, lease_until = now() + make_interval(secs => ${seconds})
    from free where w.id = free.id returning ${columns(sql)}`;
}

/** A webhook again, after it was changed; null where it is not this holder's any more, or rests. */
export async function readLeased(sql: Sql, id: string, holder: string): Promise<LeasedWebhook | null> {
  const [row] = await sql<LeasedWebhook[]>`
    select ${columns(sql)} from webhooks w
    where id = ${id} and holder = ${holder} and state in ('pending', 'active')`;
  return row ?? null;
}

/** Prolongs leases. Returns the webhooks that are still this holder's, with their version; others are not. */
export async function renewLeases(
  sql: Sql,
  { holder, seconds, ids }: {
    readonly holder: string;
    readonly seconds: number;
    readonly ids: readonly string[];
  },
): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; version: number }[]>`
    update webhooks set lease_until = now() + make_interval(secs => ${seconds})
    where id = any(${textArray(ids)}::uuid[]) and holder = ${holder} and state in ('pending', 'active')
    returning id, version`;
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/** The same without prolonging: which are still this holder's. */
export async function readLeases(sql: Sql, holder: string): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; version: number }[]>`
    select id, version from webhooks where holder = ${holder} and state in ('pending', 'active')`;
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/** Lets others have them at once. */
export async function releaseLeases(sql: Sql, holder: string): Promise<void> {
  await sql`update webhooks set holder = null, lease_until = null where holder = ${holder}`;
}

/** Fixes the cut of the next batch. Returns whether the lease still holds; so do all of the following. */
export async function keepCut(sql: Sql, lease: Lease, cut: Cut): Promise<boolean> {
  const rows = await sql`
    update webhooks set batch = ${JSON.stringify(cut)}::text::jsonb
    where ${held(sql, lease)} and batch is null returning id`;
  return rows.length > 0;
}

/** Lets deliveries begin. */
export async function activate(sql: Sql, lease: Lease): Promise<boolean> {
  const rows = await sql`
    update webhooks set state = 'active' where ${held(sql, lease)} and state = 'pending' returning id`;
  return rows.length > 0;
}

/** Notes that nothing up to an event was wanted. */
export async function passOver(sql: Sql, lease: Lease, cursor: number): Promise<boolean> {
  const rows = await sql`
    update webhooks set cursor = ${cursor}, batch = null where ${held(sql, lease)} and cursor <= ${cursor}
    returning id`;
  return rows.length > 0;
}

/** An attempt, as it is noted. */
export interface Attempt {
  readonly kind: "events" | "test" | "verification";
  readonly first: number | null;
  readonly last: number | null;
  readonly events: number;
  readonly status: number | null;
  readonly ms: number;
  readonly bytes: number;
  readonly error: string | null;
}

/**
 * Notes a success; events were those of the cut, and the cursor moves behind them. Also where the webhook was changed
 * meanwhile, as long as its batch is still this one.
 */
export async function noteDelivered(sql: Sql, lease: Lease, attempt: Attempt): Promise<boolean> {
  const rows = await sql`
    with moved as (
      update webhooks set state = case when state = 'pending' then 'active' else state end,
        failures = 0, failing_since = null, next_attempt = now()
        ${attempt.last === null ? sql`` : sql`, cursor = ${attempt.last}, batch = null`}
      where ${attempted(sql, lease, attempt)} returning id
    ), noted as (${insert(sql, lease.id, attempt)})
    select id from moved`;
  return rows.length > 0;
}

/**
 * Notes a failure, and when the next attempt is. After `pauseAfter` seconds of nothing else, the webhook is paused.
 * `disabled` says that the receiver wants no more.
 */
export async function noteFailed(
  sql: Sql,
  lease: Lease,
  attempt: Attempt,
  next: { readonly wait: number; readonly pauseAfter: number; readonly disabled: boolean },
): Promise<boolean> {
  const { wait, pauseAfter, disabled } = next;
  // Of a webhook that was changed meanwhile it says nothing that would stop it.
  const same = sql`version = ${lease.version}`;
  const late = sql`coalesce(failing_since, now()) <= now() - make_interval(secs => ${pauseAfter})`;
  const rows = await sql`
    with moved as (
      update webhooks set failures = failures + 1, failing_since = coalesce(failing_since, now()),
        next_attempt = now() + make_interval(secs => ${wait / 1000}),
        state = case when ${same} and ${disabled} then 'disabled' when ${same} and ${late} then 'paused' else state end,
        reason = case when ${same} and ${disabled} then 'the receiver answered 410: it wants no more'
          when ${same} and ${late} then 'no delivery succeeded for too long' else reason end
      where ${attempted(sql, lease, attempt)} returning id
    ), noted as (${insert(sql, lease.id, attempt)})
    select id from moved`;
  return rows.length > 0;
}

/** Stops a webhook whose cursor leads nowhere, until somebody says from where to go on. */
export async function stopWebhook(
  sql: Sql,
  lease: Lease,
  state: "paused" | "behind" | "other_log",
  reason: string,
): Promise<boolean> {
  const rows = await sql`
    update webhooks set state = ${state}, reason = ${reason} where ${held(sql, lease)} returning id`;
  return rows.length > 0;
}

/** Notes an attempt that moves nothing. */
export async function noteAttempt(sql: Sql, id: string, attempt: Attempt): Promise<void> {
  await insert(sql, id, attempt);
}

// ---

type Fragment = ReturnType<Sql>;

function held(sql: Sql, { id, holder, version }: Lease): Fragment {
  return sql`id = ${id} and holder = ${holder} and version = ${version}`;
}

/** Still this holder's, and its batch still the one that was tried, whatever else was changed. */
function attempted(sql: Sql, { id, holder }: Lease, { last }: Attempt): Fragment {
  return sql`id = ${id} and holder = ${holder}
    ${last === null ? sql`` : sql`and (batch->>'last')::bigint = ${last}`}`;
}

function columns(sql: Sql): Fragment {
  return sql`w.id, w.url, w.secrets, w.sealed_authorization, w.rooms, w.types, w.format, w.batch_size, w.version, w.state, w.generation,
    w.cursor, w.batch, w.failures,
    greatest(0, extract(epoch from w.next_attempt - now()) * 1000)::float8 as wait`;
}

function insert(sql: Sql, id: string, attempt: Attempt): Fragment {
  const { kind, first, last, events, status, ms, bytes, error } = attempt;
  return sql`insert into webhook_deliveries (webhook_id, kind, first, last, events, status, ms, bytes, error)
    select id, ${kind}, ${first}::bigint, ${last}::bigint, ${events}::integer, ${status}::integer, ${ms}::integer,
      ${bytes}::integer, ${error}::text from webhooks where id = ${id}`;
}
