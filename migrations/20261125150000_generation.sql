-- A log that was restored to an earlier moment gives ids out again: it is another log, and says so (ADR 0020).

-- migrate:up

alter table log_head add column generation uuid not null default gen_random_uuid();

-- migrate:down

alter table log_head drop column generation;
