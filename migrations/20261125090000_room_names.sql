-- Rooms that people name as they like (ADR 0011).

-- migrate:up

-- What a session wrote when it asked for a room's address, while the session lasts.
create table room_names (
  sessionid uuid not null,
  node text not null,
  name text not null,
  asked timestamptz(3) not null default now(),
  primary key (sessionid, node)
);

-- A room is found by any way to write its name, that is by its node. (A name can be longer than an index takes.)
create index rooms_node on rooms (split_part(jid, '@', 1), created, id);
drop index rooms_name;

-- migrate:down

create index rooms_name on rooms (name, created, id);
drop index rooms_node;
drop table room_names;
