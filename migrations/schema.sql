-- Written by `deno task schema` from a migrated database. Do not edit.

create table api_keys (
  id text not null,
  name text not null,
  hash text not null,
  scope text not null,
  rooms jsonb,
  types jsonb,
  created timestamp(3) with time zone not null default now(),
  expires timestamp(3) with time zone not null,
  used timestamp(3) with time zone,
  revoked timestamp(3) with time zone
);

create table event_times (
  type text not null,
  level text not null,
  bucket timestamp with time zone not null,
  block bigint not null
);

create table events (
  id bigint not null,
  type text not null,
  room_id uuid,
  actor_id uuid,
  peer_id uuid,
  "time" timestamp(3) with time zone not null,
  data jsonb not null default '{}'::jsonb
);

create table holds (
  name text not null,
  after bigint not null,
  reason text not null,
  created timestamp(3) with time zone not null default now()
);

create table log_head (
  singleton boolean not null default true,
  id bigint not null default 0,
  earliest bigint not null default 1,
  untimed bigint not null default 0,
  generation uuid not null default gen_random_uuid()
);

create table log_marks (
  head bigint not null,
  "time" timestamp(3) with time zone not null default now()
);

create table measurements_cleared (
  singleton boolean not null default true,
  id bigint not null default 0
);

create table migrations (
  name text not null,
  batch integer not null,
  applied timestamp with time zone not null default now()
);

create table occupants (
  room_id uuid not null,
  sessionid uuid not null,
  userid text not null,
  joined timestamp(3) with time zone not null,
  "left" timestamp(3) with time zone
);

create table quality (
  event_id bigint not null,
  room_id uuid not null,
  actor_id uuid not null,
  peer_id uuid not null,
  sid text not null,
  way text not null,
  kind text,
  ssrc bigint not null,
  "time" timestamp(3) with time zone not null,
  measured bigint not null,
  bytes bigint,
  packets bigint,
  lost bigint,
  jitter double precision,
  rtt double precision,
  concealed bigint,
  silent_concealed bigint,
  samples bigint,
  buffer_delay double precision,
  buffer_emitted bigint,
  energy double precision,
  duration double precision,
  frames bigint,
  source_frames bigint,
  freezes double precision,
  fps double precision,
  width integer,
  height integer,
  limited_cpu double precision,
  limited_bandwidth double precision,
  available double precision,
  worst_loss double precision,
  worst_rtt double precision,
  worst_jitter double precision,
  codec text,
  connection text,
  candidate text,
  remote_candidate text,
  protocol text,
  relay_protocol text,
  network text
);

create table rejected (
  id bigint not null generated always as identity,
  origin text not null,
  origin_ref text not null,
  code text not null,
  message text not null,
  record text not null,
  "time" timestamp(3) with time zone not null default now(),
  bytes bytea
);

create table room_names (
  sessionid uuid not null,
  node text not null,
  name text not null,
  asked timestamp(3) with time zone not null default now()
);

create table rooms (
  id uuid not null,
  name text not null,
  jid text not null,
  created timestamp(3) with time zone not null,
  ended timestamp(3) with time zone,
  source text,
  peak integer,
  stayed double precision
);

create table session_clocks (
  sessionid uuid not null,
  ahead bigint not null,
  told timestamp(3) with time zone not null default now()
);

create table sources (
  source text not null,
  epoch text not null,
  seq bigint not null default 0,
  started timestamp(3) with time zone not null default now()
);

create table telemetry_batches (
  sessionid uuid not null,
  key text not null,
  digest text not null,
  answer jsonb not null,
  "time" timestamp(3) with time zone not null default now()
);

create table tickets (
  hash text not null,
  grant_json jsonb not null,
  expires timestamp(3) with time zone not null
);

create table users (
  sessionid uuid not null,
  userid text not null,
  type text not null,
  os text not null,
  browser text not null,
  useragent text not null,
  created timestamp(3) with time zone not null,
  ended timestamp(3) with time zone,
  source text,
  expires timestamp(3) with time zone,
  customer_data jsonb
);

create table webhook_deliveries (
  id bigint not null generated always as identity,
  webhook_id uuid not null,
  "time" timestamp(3) with time zone not null default now(),
  kind text not null,
  first bigint,
  last bigint,
  events integer not null,
  status integer,
  ms integer not null,
  bytes integer not null,
  error text
);

create table webhooks (
  id uuid not null,
  name text not null,
  url text not null,
  secrets jsonb not null,
  sealed_authorization text,
  rooms jsonb,
  types jsonb,
  format text not null,
  batch_size integer not null,
  created timestamp(3) with time zone not null default now(),
  version bigint not null default 1,
  state text not null,
  reason text,
  generation uuid not null,
  cursor bigint not null,
  batch jsonb,
  failures integer not null default 0,
  failing_since timestamp(3) with time zone,
  next_attempt timestamp(3) with time zone not null default now(),
  holder uuid,
  lease_until timestamp(3) with time zone
);

alter table api_keys add constraint api_keys_pkey PRIMARY KEY (id);

alter table api_keys add constraint api_keys_scope_check CHECK ((scope = ANY (ARRAY['read'::text, 'manage'::text, 'admin'::text])));

alter table event_times add constraint event_times_pkey PRIMARY KEY (type, level, bucket, block);

alter table events add constraint events_pkey PRIMARY KEY (id);

alter table events add constraint events_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms(id);

alter table holds add constraint holds_pkey PRIMARY KEY (name);

alter table log_head add constraint log_head_pkey PRIMARY KEY (singleton);

alter table log_head add constraint log_head_singleton_check CHECK (singleton);

alter table log_marks add constraint log_marks_pkey PRIMARY KEY (head);

alter table measurements_cleared add constraint measurements_cleared_pkey PRIMARY KEY (singleton);

alter table measurements_cleared add constraint measurements_cleared_singleton_check CHECK (singleton);

alter table migrations add constraint migrations_pkey PRIMARY KEY (name);

alter table occupants add constraint occupants_pkey PRIMARY KEY (room_id, sessionid, joined);

alter table occupants add constraint occupants_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms(id);

alter table quality add constraint quality_kind_check CHECK ((kind = ANY (ARRAY['audio'::text, 'video'::text])));

alter table quality add constraint quality_pkey PRIMARY KEY (actor_id, measured, peer_id, way, ssrc, sid);

alter table quality add constraint quality_way_check CHECK ((way = ANY (ARRAY['in'::text, 'out'::text, 'link'::text])));

alter table rejected add constraint rejected_origin_check CHECK ((origin = ANY (ARRAY['outbox'::text, 'telemetry'::text])));

alter table rejected add constraint rejected_pkey PRIMARY KEY (id);

alter table room_names add constraint room_names_pkey PRIMARY KEY (sessionid, node);

alter table rooms add constraint rooms_pkey PRIMARY KEY (id);

alter table session_clocks add constraint session_clocks_pkey PRIMARY KEY (sessionid);

alter table sources add constraint sources_pkey PRIMARY KEY (source, epoch);

alter table telemetry_batches add constraint telemetry_batches_pkey PRIMARY KEY (sessionid, key);

alter table tickets add constraint tickets_pkey PRIMARY KEY (hash);

alter table users add constraint users_pkey PRIMARY KEY (sessionid);

alter table users add constraint users_type_check CHECK ((type = ANY (ARRAY['browser'::text, 'mobile'::text])));

alter table webhook_deliveries add constraint webhook_deliveries_kind_check CHECK ((kind = ANY (ARRAY['events'::text, 'test'::text, 'verification'::text])));

alter table webhook_deliveries add constraint webhook_deliveries_pkey PRIMARY KEY (id);

alter table webhook_deliveries add constraint webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE;

alter table webhooks add constraint webhooks_batch_size_check CHECK (((batch_size >= 1) AND (batch_size <= 100)));

alter table webhooks add constraint webhooks_pkey PRIMARY KEY (id);

alter table webhooks add constraint webhooks_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'paused'::text, 'disabled'::text, 'behind'::text, 'other_log'::text])));

CREATE INDEX api_keys_created ON public.api_keys USING btree (created, id);

CREATE INDEX event_times_block ON public.event_times USING btree (block);

CREATE INDEX events_actor ON public.events USING btree (actor_id, id);

CREATE INDEX events_peer ON public.events USING btree (peer_id, id) WHERE (peer_id IS NOT NULL);

CREATE INDEX events_room ON public.events USING btree (room_id, id);

CREATE INDEX events_story ON public.events USING btree (room_id, id) WHERE (type <> ALL (ARRAY['message_sent'::text, 'p2p_session_stats'::text]));

CREATE INDEX events_type ON public.events USING btree (type, id);

CREATE INDEX occupants_present ON public.occupants USING btree (room_id, sessionid) WHERE ("left" IS NULL);

CREATE INDEX occupants_room ON public.occupants USING btree (room_id, joined, sessionid);

CREATE INDEX occupants_session ON public.occupants USING btree (sessionid, joined);

CREATE INDEX quality_event ON public.quality USING btree (event_id);

CREATE INDEX quality_room ON public.quality USING btree (room_id, "time");

CREATE INDEX quality_time ON public.quality USING btree ("time");

CREATE INDEX rejected_code ON public.rejected USING btree (code, id);

CREATE INDEX rejected_code_origin ON public.rejected USING btree (code, origin, id);

CREATE INDEX rejected_origin ON public.rejected USING btree (origin, id);

CREATE INDEX rejected_telemetry ON public.rejected USING btree ("time") WHERE (origin = 'telemetry'::text);

CREATE INDEX rooms_active ON public.rooms USING btree (created, id) WHERE (ended IS NULL);

CREATE INDEX rooms_created ON public.rooms USING btree (created, id);

CREATE INDEX rooms_node ON public.rooms USING btree (split_part(jid, '@'::text, 1), created, id);

CREATE INDEX session_clocks_told ON public.session_clocks USING btree (told);

CREATE INDEX telemetry_batches_time ON public.telemetry_batches USING btree ("time");

CREATE INDEX tickets_expires ON public.tickets USING btree (expires);

CREATE INDEX users_active ON public.users USING btree (created, sessionid) WHERE (ended IS NULL);

CREATE INDEX users_created ON public.users USING btree (created, sessionid);

CREATE INDEX users_type ON public.users USING btree (type, created, sessionid);

CREATE INDEX users_unused ON public.users USING btree (created) WHERE (source IS NULL);

CREATE INDEX users_userid ON public.users USING btree (userid, created, sessionid);

CREATE INDEX webhook_deliveries_time ON public.webhook_deliveries USING brin ("time");

CREATE INDEX webhook_deliveries_webhook ON public.webhook_deliveries USING btree (webhook_id, id);

CREATE INDEX webhooks_created ON public.webhooks USING btree (created, id);

CREATE OR REPLACE FUNCTION public.api_key_json(k api_keys)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown.*) AS row_to_json FROM (SELECT (api_key_json.k).id AS id, (api_key_json.k).name AS name, (api_key_json.k).scope AS scope, (api_key_json.k).rooms AS rooms, (api_key_json.k).types AS types, utc((api_key_json.k).created) AS created, utc((api_key_json.k).expires) AS expires, utc((api_key_json.k).used) AS used, utc((api_key_json.k).revoked) AS revoked) shown);

CREATE OR REPLACE FUNCTION public.event_csv(e events)
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((((((((((((((e).id || ','::text) || (e).type) || ','::text) || COALESCE(((e).room_id)::text, ''::text)) || ','::text) || COALESCE(((e).actor_id)::text, ''::text)) || ','::text) || COALESCE(((e).peer_id)::text, ''::text)) || ','::text) || utc((e)."time")) || ',"'::text) || replace(((e).data)::text, '"'::text, '""'::text)) || '"'::text);

CREATE OR REPLACE FUNCTION public.event_json(e events)
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (((((((((((((('{"id":'::text || (e).id) || ',"type":"'::text) || (e).type) || '","room_id":'::text) || COALESCE((('"'::text || ((e).room_id)::text) || '"'::text), 'null'::text)) || ',"actor_id":'::text) || COALESCE((('"'::text || ((e).actor_id)::text) || '"'::text), 'null'::text)) || ',"peer_id":'::text) || COALESCE((('"'::text || ((e).peer_id)::text) || '"'::text), 'null'::text)) || ',"time":"'::text) || utc((e)."time")) || '","data":'::text) || ((e).data)::text) || '}'::text);

CREATE OR REPLACE FUNCTION public.hold_json(h holds)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown.*) AS row_to_json FROM (SELECT (hold_json.h).name AS name, (hold_json.h).after AS after, (hold_json.h).reason AS reason, utc((hold_json.h).created) AS created) shown);

CREATE OR REPLACE FUNCTION public.note_event_times()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.occupant_json(o occupants)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown.*) AS row_to_json FROM (SELECT (occupant_json.o).room_id AS room_id, (occupant_json.o).sessionid AS sessionid, (occupant_json.o).userid AS userid, utc((occupant_json.o).joined) AS joined, utc((occupant_json.o)."left") AS "left") shown);

CREATE OR REPLACE FUNCTION public.rejected_json(r rejected)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown.*) AS row_to_json FROM (SELECT (rejected_json.r).id AS id, (rejected_json.r).origin AS origin, (rejected_json.r).origin_ref AS origin_ref, (rejected_json.r).code AS code, (rejected_json.r).message AS message, (rejected_json.r).record AS record, replace(encode((rejected_json.r).bytes, 'base64'::text), chr(10), ''::text) AS bytes, utc((rejected_json.r)."time") AS "time") shown);

CREATE OR REPLACE FUNCTION public.room_json(r rooms)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown.*) AS row_to_json FROM (SELECT (room_json.r).id AS id, (room_json.r).name AS name, (room_json.r).jid AS jid, utc((room_json.r).created) AS created, utc((room_json.r).ended) AS ended) shown);

CREATE OR REPLACE FUNCTION public.user_json(u users)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown.*) AS row_to_json FROM (SELECT (user_json.u).sessionid AS sessionid, (user_json.u).userid AS userid, (user_json.u).type AS type, (user_json.u).os AS os, (user_json.u).browser AS browser, (user_json.u).useragent AS useragent, utc((user_json.u).created) AS created, utc((user_json.u).ended) AS ended) shown);

CREATE OR REPLACE FUNCTION public.utc(moment timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN to_char((moment AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'::text);

CREATE OR REPLACE FUNCTION public.webhook_delivery_json(d webhook_deliveries)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown.*) AS row_to_json FROM (SELECT (webhook_delivery_json.d).id AS id, utc((webhook_delivery_json.d)."time") AS "time", (webhook_delivery_json.d).kind AS kind, (webhook_delivery_json.d).first AS first, (webhook_delivery_json.d).last AS last, (webhook_delivery_json.d).events AS events, (webhook_delivery_json.d).status AS status, (webhook_delivery_json.d).ms AS ms, (webhook_delivery_json.d).bytes AS bytes, (webhook_delivery_json.d).error AS error) shown);

CREATE OR REPLACE FUNCTION public.webhook_json(w webhooks)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (SELECT row_to_json(shown.*) AS row_to_json FROM (SELECT (webhook_json.w).id AS id, (webhook_json.w).name AS name, (webhook_json.w).url AS url, (webhook_json.w).rooms AS rooms, (webhook_json.w).types AS types, (webhook_json.w).format AS format, (webhook_json.w).batch_size AS batch_size, utc((webhook_json.w).created) AS created, ((webhook_json.w).sealed_authorization IS NOT NULL) AS has_authorization, (webhook_json.w).state AS state, (webhook_json.w).reason AS reason, (webhook_json.w).generation AS generation, (webhook_json.w).cursor AS cursor, (SELECT row_to_json(cut.*) AS row_to_json FROM (SELECT (((webhook_json.w).batch ->> 'first'::text))::bigint AS first, (((webhook_json.w).batch ->> 'last'::text))::bigint AS last WHERE ((webhook_json.w).batch IS NOT NULL)) cut) AS batch, (SELECT utc(e."time") AS utc FROM events e WHERE (e.id >= COALESCE((((webhook_json.w).batch ->> 'first'::text))::bigint, ((webhook_json.w).cursor + 1))) ORDER BY e.id LIMIT 1) AS undelivered_since, (webhook_json.w).failures AS failures, utc((webhook_json.w).failing_since) AS failing_since, CASE WHEN ((webhook_json.w).failures > 0) THEN utc((webhook_json.w).next_attempt) ELSE NULL::text END AS next_attempt) shown);
