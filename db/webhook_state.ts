/**
 * How webhooks are, for those who look after the service; and their secrets, when the keys change.
 *
 * @module
 */
import type { Sql } from "./connect.ts";
import type { LeasedWebhook } from "./webhook_leases.ts";
import type { SealedSecret } from "./webhooks.ts";

/** States, in the order in which they are shown. */
export const webhookStates = ["pending", "active", "paused", "disabled", "behind", "other_log"] as const;
export type WebhookState = (typeof webhookStates)[number];

/** How many there are in each state, and how long the oldest event waits that should be delivered. */
export interface WebhookFigures {
  readonly states: Readonly<Record<WebhookState, number>>;
  /** Active ones whose last attempt failed. */
  readonly failing: number;
  /** Seconds; null: nothing waits. */
  readonly oldest: number | null;
}

/** Reads them. */
export async function readWebhookFigures(sql: Sql): Promise<WebhookFigures> {
  const rows = await sql<{ state: WebhookState; count: number; failing: number; oldest: number | null }[]>`
    select state, count(*)::integer as count, count(*) filter (where failures > 0)::integer as failing,
      max(extract(epoch from now() - (
        select e.time from events e where e.id >= coalesce((w.batch->>'first')::bigint, w.cursor + 1)
        order by e.id limit 1)))::float8 as oldest
    from webhooks w group by state`;
  const of = (state: WebhookState) => rows.find((row) => row.state === state);
  const states = Object.fromEntries(webhookStates.map((state) => [state, of(state)?.count ?? 0]));
  const active = of("active");
  const oldest = active?.oldest ?? null;
  return {
    states: states as Record<WebhookState, number>,
    failing: active?.failing ?? 0,
    oldest: oldest === null ? null : Math.max(0, oldest),
  };
}

/** Whether there is anybody to be told. */
export async function hasWebhooks(sql: Sql): Promise<boolean> {
  const rows = await sql`select from webhooks where state in ('pending', 'active') limit 1`;
  return rows.length > 0;
}

/** What a delivery needs of a webhook besides its events. */
export type Addressee = Pick<LeasedWebhook, "id" | "url" | "secrets" | "sealed_authorization" | "format">;

/** A webhook as a test delivery needs it; null where there is none. */
export async function readForTest(sql: Sql, id: string): Promise<Addressee | null> {
  const [row] = await sql<Addressee[]>`
    select id, url, secrets, sealed_authorization, format from webhooks where id = ${id}`;
  return row ?? null;
}

/** Seals every secret again, where `again` returns another text for it. */
export async function resealSecrets(
  sql: Sql,
  again: (id: string, sealed: string) => Promise<string>,
): Promise<void> {
  type Row = { id: string; secrets: SealedSecret[]; authorization: string | null };
  const rows = await sql<Row[]>`select id, secrets, sealed_authorization as authorization from webhooks`;
  for (const { id, secrets, authorization } of rows) {
    const fresh = await Promise.all(
      secrets.map(async ({ sealed, until }) => ({ sealed: await again(id, sealed), until })),
    );
    const header = authorization && await again(id, authorization);
    const [was, is] = [JSON.stringify(secrets), JSON.stringify(fresh)];
    if (was === is && header === authorization) continue;
    // Unless somebody has changed it meanwhile.
    await sql`
      update webhooks set secrets = ${is}::text::jsonb, sealed_authorization = ${header}
      where id = ${id} and secrets = ${was}::text::jsonb
        and sealed_authorization is not distinct from ${authorization}`;
  }
}
