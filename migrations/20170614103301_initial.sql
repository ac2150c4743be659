-- The three tables of the contract. Times are kept to the millisecond, as they are shown.

-- migrate:up

create table rooms (
  id uuid primary key,
  name text not null,
  jid text not null,
  created timestamptz(3) not null,
  ended timestamptz(3),
  -- The Prosody node that holds the room: what a new epoch of it must close. Not shown.
  source text
);
comment on table rooms is 'One row per life of a room: the same name used again later is a new row.';
create index rooms_created on rooms (created, id);
create index rooms_name on rooms (name, created, id);
create index rooms_active on rooms (created, id) where ended is null;

create table users (
  sessionid uuid primary key,
  userid text not null,
  type text not null check (type in ('browser', 'mobile')),
  os text not null,
  browser text not null,
  useragent text not null,
  created timestamptz(3) not null,
  ended timestamptz(3),
  -- The Prosody node that holds the session, once it has been seen there. Not shown.
  source text
);
comment on table users is 'One row per session.';
create index users_created on users (created, sessionid);
create index users_userid on users (userid, created, sessionid);
create index users_active on users (created, sessionid) where ended is null;

create table events (
  id bigint primary key,
  type text not null,
  room_id uuid references rooms,
  actor_id uuid,
  peer_id uuid,
  time timestamptz(3) not null,
  data jsonb not null default '{}'
);
comment on table events is 'The log. Ids are dense and given in commit order: see log_head.';
create index events_room on events (room_id, id);
create index events_actor on events (actor_id, id);
create index events_peer on events (peer_id, id) where peer_id is not null;
create index events_type on events (type, id);
create index events_time on events using brin (time);

-- migrate:down

drop table events;
drop table users;
drop table rooms;
