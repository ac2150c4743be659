-- What was measured, in columns (ADR 0022).

-- migrate:up

-- One row per stream of a measurement, as `quality/reading.ts` reads it: counters as the browser has them.
create table quality (
  event_id bigint not null,
  room_id uuid not null,
  -- Who measured, and the other end.
  actor_id uuid not null,
  peer_id uuid not null,
  sid text not null,
  -- in: what came from the peer; out: what went there; link: a connection on which nothing flows.
  way text not null check (way in ('in', 'out', 'link')),
  kind text check (kind in ('audio', 'video')),
  ssrc bigint not null,
  -- By our clock; and by the client's, in milliseconds since 1970: a measurement that comes again has the same.
  time timestamptz(3) not null,
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
  network text,
  primary key (actor_id, measured, peer_id, way, ssrc, sid)
);
comment on table quality is 'Readings of measurements: made of events alone, kept as long as they are.';
create index quality_room on quality (room_id, time);
create index quality_time on quality (time);
create index quality_event on quality (event_id);

-- Whose clock is how far behind ours, in milliseconds: of the shortest way that a measurement took.
create table session_clocks (
  sessionid uuid primary key,
  ahead bigint not null,
  told timestamptz(3) not null default now()
);
create index session_clocks_told on session_clocks (told);

-- Up to which event raw measurements have been cleared.
create table measurements_cleared (
  singleton boolean primary key default true check (singleton),
  id bigint not null default 0
);
insert into measurements_cleared default values;

-- A room's story is a few events among many measurements.
create index events_story on events (room_id, id) where type not in ('message_sent', 'p2p_session_stats');

-- migrate:down

drop index events_story;
drop table measurements_cleared;
drop table session_clocks;
drop table quality;
