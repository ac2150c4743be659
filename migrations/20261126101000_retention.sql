-- Events are forgotten by the time of their storing, and not while somebody holds them (ADR 0021).

-- migrate:up

create table log_marks (
  head bigint primary key,
  time timestamptz(3) not null default now()
);
comment on table log_marks is 'How far the log had grown, and when: of each hour in which it grew, one row.';
-- What is there was stored by now.
insert into log_marks (head) select id from log_head where id > 0;

create table holds (
  name text primary key,
  -- Events after this one are kept.
  after bigint not null,
  reason text not null,
  created timestamptz(3) not null default now()
);
comment on table holds is 'What keeps events beyond their retention, until somebody removes it.';

create function hold_json(h holds) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select h.name, h.after, h.reason, utc(h.created) as created) shown);

-- migrate:down

drop function hold_json;
drop table holds;
drop table log_marks;
