/**
 * Where in the log a span of time is. Ids follow the time of storing, and an event's `time` only nearly: what was
 * replayed, or stored late, or came by a wrong clock, is elsewhere. So the table `event_times` says of each hour, day
 * and month in which blocks of ids it has events, by type (ADR 0019).
 *
 * @module
 */
import type { Sql } from "./connect.ts";
import { textArray } from "./connect.ts";
import { transaction } from "./transaction.ts";

/** A block is the ids that are equal but for so many bits. */
export const blockBits = 10;

/** A span of time: from (inclusive) to (exclusive), RFC 3339. Absent: from the beginning, to the end. */
export interface TimeSpan {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Which blocks. */
export interface BlockQuery extends TimeSpan {
  /** With events of these types; absent: of any. */
  readonly types?: readonly string[] | undefined;
  /** The first and the last that may be named, inclusive. */
  readonly first: number;
  readonly last: number;
  readonly order: "asc" | "desc";
  readonly limit: number;
}

/** Blocks that may have such events, in order; fewer than `limit`: there are no more. All others have none. */
export async function findBlocks(sql: Sql, query: BlockQuery): Promise<number[]> {
  const { text, parameters } = blocksStatement(query);
  const rows = await sql.unsafe<{ block: number }[]>(text, parameters, { prepare: true });
  return rows.map(({ block }) => block);
}

/** Whether blocks are looked for by each of these types. */
export function isFew(types: readonly string[] | undefined): types is readonly string[] {
  return types !== undefined && types.length <= mostTypes;
}

/** The statement behind {@link findBlocks}. */
export function blocksStatement({ types, from, to, first, last, order, limit }: BlockQuery) {
  const segments = segmentsOf(from, to);
  // Of more types than a few, looking at each costs more than passing over the blocks that have none of them.
  const wanted = isFew(types) ? types : [""];
  const parameters = [
    textArray(wanted),
    textArray(segments.map(({ level }) => level)),
    textArray(segments.map(({ from }) => from)),
    textArray(segments.map(({ to }) => to)),
    first,
    last,
    limit,
  ];
  // From one bucket that is there to the next, so that years without events cost nothing.
  const text = `
    with recursive bucket as (
      select type, level, upto, (select min(t.bucket) from event_times t
        where t.type = w.type and t.level = s.level and t.bucket >= s.start and t.bucket < s.upto) as bucket
      from unnest($1::text[]) as w (type),
        unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) as s (level, start, upto)
      union all
      select type, level, upto, (select min(t.bucket) from event_times t
        where t.type = b.type and t.level = b.level and t.bucket > b.bucket and t.bucket < b.upto)
      from bucket b where bucket is not null
    )
    select block from (
      select found.block from bucket b cross join lateral (
        select t.block from event_times t
        where t.type = b.type and t.level = b.level and t.bucket = b.bucket and t.block between $5 and $6
        order by t.block ${order} limit $7) found
      where b.bucket is not null
      union
      (select block from log_head, generate_series(
          ${
    order === "asc"
      ? "$5::bigint, least($6::bigint, untimed >> 10), 1"
      : "least($6::bigint, untimed >> 10), $5::bigint, -1"
  }) block
        where untimed > 0 limit $7)
    ) blocks order by block ${order} limit $7`;
  return { text, parameters };
}

/**
 * Adds blocks of events to `event_times` that were there before it, the newest first, some at a time. Returns whether
 * there are more.
 */
export async function noteOlderTimes(sql: Sql): Promise<boolean> {
  const [head] = await sql<[{ untimed: number; earliest: number }]>`select untimed, earliest from log_head`;
  const { untimed, earliest } = head;
  if (untimed === 0) return false;
  const from = Math.max(0, Math.floor(untimed / blockSize) - blocksAtOnce) * blockSize;
  await transaction(sql, async (tx) => {
    await tx`
      insert into event_times (type, level, bucket, block)
      select distinct t, level, date_trunc(level, hour, 'UTC'), block
      from (select distinct type, date_trunc('hour', time, 'UTC') as hour, id >> ${blockBits} as block
          from events where id > ${from} and id <= ${untimed}) hours,
        unnest(array[type, '']) t, unnest(array['hour', 'day', 'month']) level
      on conflict do nothing`;
    await tx`update log_head set untimed = ${from < earliest ? 0 : from} where untimed = ${untimed}`;
  });
  return from >= earliest;
}

// ---

const mostTypes = 6;
const blocksAtOnce = 100;
const blockSize = 2 ** blockBits;

interface Segment {
  readonly level: "hour" | "day" | "month";
  readonly from: string;
  readonly to: string;
}

/** A span as months, with days at its ends, with hours at theirs: a bucket at an end may be in the span in part. */
function segmentsOf(from: string | undefined, to: string | undefined): Segment[] {
  const segments: Segment[] = [];
  const add = (level: Segment["level"], from: Bound, to: Bound) => {
    if (from < to) segments.push({ level, from: written(from), to: written(to) });
  };
  const start = from === undefined ? -Infinity : Date.parse(from);
  const end = to === undefined ? Infinity : Date.parse(to);
  const [firstHour, lastHour] = [floor("hour", start), ceil("hour", end)];
  const [firstDay, lastDay] = [ceil("day", firstHour), floor("day", lastHour)];
  if (firstDay >= lastDay) {
    add("hour", firstHour, lastHour);
    return segments;
  }
  const [firstMonth, lastMonth] = [ceil("month", firstDay), floor("month", lastDay)];
  add("hour", firstHour, firstDay);
  if (firstMonth >= lastMonth) add("day", firstDay, lastDay);
  else {
    add("day", firstDay, firstMonth);
    add("month", firstMonth, lastMonth);
    add("day", lastMonth, lastDay);
  }
  add("hour", lastDay, lastHour);
  return segments;
}

/** Milliseconds since 1970, or an infinity. */
type Bound = number;

function floor(level: Segment["level"], time: Bound): Bound {
  if (!Number.isFinite(time)) return time;
  if (level === "hour") return Math.floor(time / hour) * hour;
  if (level === "day") return Math.floor(time / (24 * hour)) * 24 * hour;
  const date = new Date(time);
  return date.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth(), 1) && date.setUTCHours(0, 0, 0, 0);
}

function ceil(level: Segment["level"], time: Bound): Bound {
  const down = floor(level, time);
  if (down === time || !Number.isFinite(time)) return time;
  if (level !== "month") return down + (level === "hour" ? hour : 24 * hour);
  return new Date(down).setUTCMonth(new Date(down).getUTCMonth() + 1);
}

function written(time: Bound): string {
  if (Number.isFinite(time)) return new Date(time).toISOString();
  return time < 0 ? "-infinity" : "infinity";
}

const hour = 3_600_000;
