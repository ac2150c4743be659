-- What reading the history needs.

-- migrate:up

-- A line of CSV (RFC 4180): id, type, room_id, actor_id, peer_id, time, data.
create function event_csv(e events) returns text
  language sql stable parallel safe
  return e.id || ',' || e.type || ',' || coalesce(e.room_id::text, '') || ',' || coalesce(e.actor_id::text, '')
    || ',' || coalesce(e.peer_id::text, '') || ',' || utc(e.time)
    || ',"' || replace(e.data::text, '"', '""') || '"';

create function rejected_json(r rejected) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select r.id, r.origin, r.origin_ref, r.code, r.message, r.record, utc(r.time) as time) shown);

-- migrate:down

drop function rejected_json, event_csv;
