/**
 * All issues of a room, from its timeline and its measurements. The same events give the same issues, whenever and
 * wherever they are looked for.
 *
 * @module
 */
import { conditionIssues } from "./conditions.ts";
import { measuredIssues } from "./findings.ts";
import type { Issue } from "./issue.ts";
import { type LoggedReading, samplesOf } from "./sample.ts";
import { defaultThresholds, type Thresholds } from "./thresholds.ts";
import { covers, type Timeline } from "./timeline.ts";

/** The issues of a room up to `now` (milliseconds since 1970), by beginning. */
export function findIssues(
  timeline: Timeline,
  readings: readonly LoggedReading[],
  now: number,
  thresholds: Thresholds = defaultThresholds,
): Issue[] {
  const found = [
    ...measuredIssues(timeline, samplesOf(readings), thresholds).map((issue) =>
      ended(issue, timeline, readings, now)
    ),
    ...conditionIssues({ timeline, readings, thresholds, now }),
  ];
  return merged(found).sort((a, b) =>
    a.begin - b.begin || keyOf(a).localeCompare(keyOf(b)) || (a.end ?? Infinity) - (b.end ?? Infinity)
  );
}

// ---

/** After so long without a sample, what the last ones showed is over. Milliseconds. */
const silenceEnds = 35_000;

/** An issue that no sample has cleared ends with what it stands on: the session, a pause, or the measuring. */
function ended(
  issue: Issue,
  { sessions, stays, pauses }: Timeline,
  readings: readonly LoggedReading[],
  now: number,
): Issue {
  if (issue.end !== null) return issue;
  const { speaker, hearer, media, events } = issue;
  const shown = readings.filter(({ event_id }) => event_id === events.at(-1));
  const last = shown[0];
  if (!last) return issue;
  const ends = [
    ...sessions.filter(({ sid, actor, peer }) =>
      sid === last.sid && [actor, peer].includes(speaker) && [actor, peer].includes(hearer ?? "")
    ).map(({ end }) => end),
    ...stays.filter((stay) => [speaker, hearer].includes(stay.sessionid) && covers(stay, last.time))
      .map(({ end }) => end),
    ...pauses.filter((pause) =>
      pause.sessionid === speaker && pause.media === media && pause.begin >= last.time
    ).map(({ begin }) => begin),
    now - last.time > silenceEnds ? last.time : null,
  ].filter((end) => end !== null && end >= last.time) as number[];
  return ends.length === 0 ? issue : { ...issue, end: Math.min(...ends) };
}

function keyOf({ kind, speaker, hearer, media }: Issue): string {
  return `${kind} ${speaker} ${hearer} ${media}`;
}

/** What two ends, or two streams, say of one direction at one time is one issue. */
function merged(issues: readonly Issue[]): Issue[] {
  return [...Map.groupBy(issues, keyOf).values()].flatMap((same) => {
    const joined: Issue[] = [];
    for (const issue of same.toSorted((a, b) => a.begin - b.begin)) {
      const last = joined.at(-1);
      if (!last || (last.end !== null && last.end < issue.begin)) joined.push(issue);
      else joined[joined.length - 1] = join(last, issue);
    }
    return joined;
  });
}

function join(one: Issue, other: Issue): Issue {
  const weights = ["information", "warn", "bad"] as const;
  const severity = weights[Math.max(weights.indexOf(one.severity), weights.indexOf(other.severity))]!;
  const worst = one.worst === null || other.worst === null
    ? one.worst ?? other.worst
    : Math.max(one.worst, other.worst);
  return {
    ...one,
    severity,
    worst,
    end: one.end === null || other.end === null ? null : Math.max(one.end, other.end),
    events: [...new Set([...one.events, ...other.events])].sort((a, b) => a - b).slice(0, 8),
  };
}
