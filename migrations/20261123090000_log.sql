-- What makes `events` a log that loses nothing and repeats nothing: its head, the position of every
-- source, what was refused; and the occupants, a fold of the log.

-- migrate:up

create table log_head (
  singleton boolean primary key default true check (singleton),
  -- Id of the newest event; writers take turns on this row (ADR 0002).
  id bigint not null default 0,
  -- Id of the oldest event that is kept. One more than `id` when nothing is.
  earliest bigint not null default 1
);
insert into log_head default values;

create table sources (
  source text not null,
  epoch text not null,
  -- Sequence of the newest record of this epoch that is stored.
  seq bigint not null default 0,
  started timestamptz(3) not null default now(),
  primary key (source, epoch)
);
comment on table sources is 'How far each epoch of each Prosody node is stored; moves in the transaction that stores.';

create table occupants (
  room_id uuid not null references rooms,
  sessionid uuid not null,
  userid text not null,
  joined timestamptz(3) not null,
  "left" timestamptz(3),
  primary key (room_id, sessionid, joined)
);
comment on table occupants is 'One row per stay of a session in a room.';
create index occupants_session on occupants (sessionid, joined);
create index occupants_present on occupants (room_id, sessionid) where "left" is null;

create table rejected (
  id bigint generated always as identity primary key,
  origin text not null check (origin in ('outbox', 'telemetry')),
  -- outbox: source/epoch/seq; telemetry: the session's id.
  origin_ref text not null,
  code text not null,
  message text not null,
  record text not null,
  time timestamptz(3) not null default now()
);
comment on table rejected is 'What did not validate, as it came, with the reason.';

-- JSON as every API shows it, built where the rows are.

create function utc(moment timestamptz) returns text
  language sql stable parallel safe
  return to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

-- By concatenation, for this one is read by the million: 2.5 times as fast as row_to_json. Nothing here needs
-- escaping: type is one of ours, data is JSON already.
create function event_json(e events) returns text
  language sql stable parallel safe
  return '{"id":' || e.id || ',"type":"' || e.type
    || '","room_id":' || coalesce('"' || e.room_id::text || '"', 'null')
    || ',"actor_id":' || coalesce('"' || e.actor_id::text || '"', 'null')
    || ',"peer_id":' || coalesce('"' || e.peer_id::text || '"', 'null')
    || ',"time":"' || utc(e.time) || '","data":' || e.data::text || '}';

create function room_json(r rooms) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select r.id, r.name, r.jid, utc(r.created) as created, utc(r.ended) as ended) shown);

create function user_json(u users) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select u.sessionid, u.userid, u.type, u.os, u.browser, u.useragent,
      utc(u.created) as created, utc(u.ended) as ended) shown);

create function occupant_json(o occupants) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select o.room_id, o.sessionid, o.userid, utc(o.joined) as joined, utc(o."left") as "left") shown);

-- migrate:down

drop function occupant_json, user_json, room_json, event_json, utc;
drop table rejected;
drop table occupants;
drop table sources;
drop table log_head;
