-- What makes the cost of a query follow its answer, not the size of the history (ADR 0019).

-- migrate:up

-- In which blocks of 1,024 ids there are events of a type ('': of any) in an hour, day or month. Ids follow the time
-- of storing, and `time` only nearly; this finds a span of time in the log whatever the clocks said.
create table event_times (
  type text not null,
  level text not null,
  bucket timestamptz not null,
  block bigint not null,
  primary key (type, level, bucket, block)
);
comment on table event_times is 'Where in the log a time is: written by a trigger, for whoever inserts.';
create index event_times_block on event_times (block);

-- Events up to this id are not in event_times yet: housekeeping adds them, newest first. Until then their blocks are
-- searched whatever is asked for.
alter table log_head add column untimed bigint not null default 0;
update log_head set untimed = id;

create function note_event_times() returns trigger language plpgsql as $$
begin
  insert into event_times (type, level, bucket, block)
  select distinct t, level, date_trunc(level, hour, 'UTC'), block
  from (
      -- First of all few of many (offset 0 keeps it so), then those that are new: nearly always none.
      select distinct type, date_trunc('hour', time, 'UTC') as hour, id >> 10 as block from added offset 0
    ) hours, unnest(array[type, '']) t, unnest(array['hour', 'day', 'month']) level
  where not exists (
    select from event_times known
    where known.type = hours.type and known.level = 'hour' and known.bucket = hour and known.block = hours.block)
  on conflict do nothing;
  return null;
end $$;
create trigger events_times after insert on events referencing new table as added
  for each statement execute function note_event_times();
drop index events_time;

-- How full an ended room was: most people at once, and seconds that people were in it, summed over the people. Null
-- until housekeeping has computed them, and again when a stay in it changes. Not shown as they are.
alter table rooms add column peak integer, add column stayed double precision;

-- One index for each order that a list has under a filter.
create index users_type on users (type, created, sessionid);
create index occupants_room on occupants (room_id, joined, sessionid);
create index rejected_origin on rejected (origin, id);
create index rejected_code on rejected (code, id);
create index rejected_code_origin on rejected (code, origin, id);

-- migrate:down

drop index rejected_code_origin, rejected_code, rejected_origin, occupants_room, users_type;
alter table rooms drop column stayed, drop column peak;
drop trigger events_times on events;
drop function note_event_times;
alter table log_head drop column untimed;
drop table event_times;
create index events_time on events using brin (time);
