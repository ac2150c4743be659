-- What housekeeping looks for: sessions that were never used, refused telemetry that is old.

-- migrate:up

drop index users_unused;
create index users_unused on users (created) where source is null;
create index rejected_telemetry on rejected (time) where origin = 'telemetry';

-- migrate:down

drop index rejected_telemetry;
drop index users_unused;
create index users_unused on users (expires) where ended is null and source is null;
