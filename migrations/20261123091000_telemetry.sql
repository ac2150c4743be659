-- What clients report over REST, and what their applications say of them.

-- migrate:up

-- Not shown: when the session's credential ends, and the claims of the application's token.
alter table users add expires timestamptz(3), add customer_data jsonb;
create index users_unused on users (expires) where ended is null and source is null;

create table telemetry_batches (
  sessionid uuid not null,
  key text not null,
  -- SHA-256 of the body: another body under the same key is a mistake.
  digest text not null,
  -- What the first one was answered.
  answer jsonb not null,
  time timestamptz(3) not null default now(),
  primary key (sessionid, key)
);
comment on table telemetry_batches is 'Batches that came with an Idempotency-Key: each is stored once.';
create index telemetry_batches_time on telemetry_batches (time);

-- migrate:down

drop table telemetry_batches;
drop index users_unused;
alter table users drop expires, drop customer_data;
