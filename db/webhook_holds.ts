/**
 * Holds for webhooks: what one that fails has not been told yet is kept beyond its retention (ADR 0021), until it
 * succeeds, or is paused for failing too long.
 *
 * @module
 */
import type { Sql } from "./connect.ts";

/** Sets a hold, `webhook.ID`, for each webhook that fails; removes those of others. */
export async function holdForWebhooks(sql: Sql): Promise<void> {
  await sql`
    with failing as (
      select 'webhook.' || w.id as name, w.cursor as after from webhooks w cross join log_head h
      where w.state = 'active' and w.failures > 0 and w.generation = h.generation and w.cursor >= h.earliest - 1
    ), over as (
      delete from holds where name ~ '^webhook[.][0-9a-f-]{36}$' and name not in (select name from failing)
    )
    insert into holds (name, after, reason)
    select name, after, 'the webhook fails, and has not been told of these' from failing
    on conflict (name) do update set after = excluded.after where holds.after <> excluded.after`;
}
