-- Webhooks: readers of the log with a cursor that is kept here (ADR 0024).

-- migrate:up

create table webhooks (
  id uuid primary key,
  name text not null,
  url text not null,
  -- Signing secrets, sealed with a key of TALKY_SECRET: [{"sealed": text, "until": time or null}], the newest first.
  secrets jsonb not null,
  -- What is sent as the header Authorization, sealed likewise; null: nothing.
  sealed_authorization text,
  -- Lists of rooms (ids or names) and of event types; null: all.
  rooms jsonb,
  types jsonb,
  format text not null,
  batch_size integer not null check (batch_size between 1 and 100),
  created timestamptz(3) not null default now(),
  -- Counts what people change, so that whoever delivers notices.
  version bigint not null default 1,
  -- pending: nothing is sent before the receiver has answered a first, empty delivery.
  state text not null check (state in ('pending', 'active', 'paused', 'disabled', 'behind', 'other_log')),
  reason text,
  -- Everything up to the cursor is delivered, of the log of this generation.
  generation uuid not null,
  cursor bigint not null,
  -- The cut of the batch that is under way, fixed until it succeeds: {"first", "last", "rooms", "types", "format"}.
  batch jsonb,
  -- Since the last success.
  failures integer not null default 0,
  failing_since timestamptz(3),
  next_attempt timestamptz(3) not null default now(),
  -- Who delivers, and until when nobody else does.
  holder uuid,
  lease_until timestamptz(3)
);
comment on table webhooks is 'One row per endpoint that is told of events, with how far it has been told.';
create index webhooks_created on webhooks (created, id);

create table webhook_deliveries (
  id bigint generated always as identity primary key,
  webhook_id uuid not null references webhooks on delete cascade,
  time timestamptz(3) not null default now(),
  kind text not null check (kind in ('events', 'test', 'verification')),
  -- Ids of the first and the last event; null without events.
  first bigint,
  last bigint,
  events integer not null,
  -- What the receiver answered; null: nothing.
  status integer,
  ms integer not null,
  -- Of the body that was sent.
  bytes integer not null,
  error text
);
comment on table webhook_deliveries is 'Attempts, for thirty days: what came of each, never what was sent or answered.';
create index webhook_deliveries_webhook on webhook_deliveries (webhook_id, id);
create index webhook_deliveries_time on webhook_deliveries using brin (time);

create function webhook_json(w webhooks) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select w.id, w.name, w.url, w.rooms, w.types, w.format, w.batch_size, utc(w.created) as created,
      w.sealed_authorization is not null as has_authorization, w.state, w.reason, w.generation, w.cursor,
      (select row_to_json(cut) from (
        select (w.batch->>'first')::bigint as first, (w.batch->>'last')::bigint as last where w.batch is not null) cut
      ) as batch,
      (select utc(e.time) from events e where e.id >= coalesce((w.batch->>'first')::bigint, w.cursor + 1)
        order by e.id limit 1) as undelivered_since,
      w.failures, utc(w.failing_since) as failing_since,
      case when w.failures > 0 then utc(w.next_attempt) end as next_attempt) shown);

create function webhook_delivery_json(d webhook_deliveries) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select d.id, utc(d.time) as time, d.kind, d.first, d.last, d.events, d.status, d.ms, d.bytes, d.error) shown);

-- migrate:down

drop function webhook_delivery_json;
drop function webhook_json;
drop table webhook_deliveries;
drop table webhooks;
