-- What cannot be kept as text is kept as bytes.

-- migrate:up

alter table rejected add column bytes bytea;

create or replace function rejected_json(r rejected) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select r.id, r.origin, r.origin_ref, r.code, r.message, r.record,
      replace(encode(r.bytes, 'base64'), chr(10), '') as bytes, utc(r.time) as time) shown);

-- migrate:down

create or replace function rejected_json(r rejected) returns json
  language sql stable parallel safe
  return (select row_to_json(shown) from (
    select r.id, r.origin, r.origin_ref, r.code, r.message, r.record, utc(r.time) as time) shown);

alter table rejected drop column bytes;
