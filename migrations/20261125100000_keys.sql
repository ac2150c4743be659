-- Who may read and manage the service: API keys, and tickets made from them (ADR 0016).

-- migrate:up

create table api_keys (
  id text primary key,
  name text not null,
  -- SHA-256 of the key, in hex. The key itself is shown once, and kept nowhere.
  hash text not null,
  scope text not null check (scope in ('read', 'manage', 'admin')),
  -- Lists of rooms (ids or names) and of event types; null: all.
  rooms jsonb,
  types jsonb,
  created timestamptz(3) not null default now(),
  expires timestamptz(3) not null,
  -- To the minute; null: never.
  used timestamptz(3),
  revoked timestamptz(3)
);
comment on table api_keys is 'One row per key of an operator. Revoked ones stay, to be seen.';
create index api_keys_created on api_keys (created, id);

create table tickets (
  -- SHA-256 of the ticket, in hex.
  hash text primary key,
  -- What its maker may do: {scope, key, view, expires}.
  grant_json jsonb not null,
  expires timestamptz(3) not null
);
comment on table tickets is 'Tickets that have not been used: who takes one, deletes its row.';
create index tickets_expires on tickets (expires);

create function api_key_json(k api_keys) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select k.id, k.name, k.scope, k.rooms, k.types, utc(k.created) as created, utc(k.expires) as expires,
      utc(k.used) as used, utc(k.revoked) as revoked) shown);

-- migrate:down

drop function api_key_json;
drop table tickets;
drop table api_keys;
