/**
 * Issues in what the server saw, and in what nobody measured: missing sessions and connections, people who come
 * back again and again, ghosts, slow starts. Found in spans of time, so that it does not matter when one looks.
 *
 * @module
 */
import { failures } from "./known_by_server.ts";
import { evidence, type Issue } from "./issue.ts";
import type { LoggedReading } from "./sample.ts";
import type { Thresholds } from "./thresholds.ts";
import { both, bursts, without } from "./spans.ts";
import type { SessionSpan, Span, StaySpan, Timeline } from "./timeline.ts";

/** What conditions are judged by. `now`: up to when the room is known, in milliseconds since 1970. */
export interface Judged {
  readonly timeline: Timeline;
  readonly readings: readonly LoggedReading[];
  readonly thresholds: Thresholds;
  readonly now: number;
}

/** All of them. */
export function conditionIssues(judged: Judged): Issue[] {
  return [notConnected, noPath, flapping, ghosts, slowStarts, noTelemetry].flatMap((find) => find(judged));
}

// ---

const byServer = { media: null, by: "server", worst: null } as const;

/** Sessions that ended for want of a connection, or in which none came in time. */
function notConnected({ timeline, readings, thresholds, now }: Judged): Issue[] {
  const bySession = Map.groupBy(readings, ({ sid }) => sid);
  return timeline.sessions.flatMap((session): Issue[] => {
    const { actor: speaker, peer: hearer, begin, end, began, ended, reason } = session;
    const common = { kind: "not_connected", severity: "bad", speaker, hearer, begin, ...byServer } as const;
    if (failures.includes(reason ?? "")) {
      return [{ ...common, end, events: evidence([began, ended]) }];
    }
    const told = (bySession.get(session.sid) ?? []).filter((reading) =>
      reading.connection !== null && isBetween(reading, session)
    ).toSorted((a, b) => a.time - b.time);
    const first = told.find(({ connection, bytes }) => connection === "connected" || (bytes ?? 0) > 0);
    const late = told.filter(({ time }) => time - begin > thresholds.not_connected.warn * 1000);
    const without = late.filter(({ time }) => !first || time < first.time);
    if (without.length === 0) return [];
    const by = without[0]!.actor_id === speaker ? "speaker" : "hearer";
    const seconds = ((first?.time ?? end ?? now) - begin) / 1000;
    const events = evidence([began, ...without.map(({ event_id }) => event_id)]);
    return [{ ...common, by, end: first?.time ?? end, worst: seconds, events }];
  });
}

/** Times in which two are there, one sends to others, and there is no session from that one to this. */
function noPath({ timeline, thresholds, now }: Judged): Issue[] {
  const least = thresholds.no_path.warn * 1000;
  return pairsOf(timeline).flatMap(([speaker, hearer]): Issue[] => {
    const toOthers = timeline.sessions.filter((one) => one.actor === speaker && one.peer !== hearer);
    if (toOthers.length === 0) return [];
    const between = timeline.sessions.filter((one) => one.actor === speaker && one.peer === hearer);
    const shared = both(staysOf(timeline, speaker), staysOf(timeline, hearer), now);
    return both(shared, toOthers, now).flatMap((span) => without(span, between, now))
      .filter(({ begin, end }) => (end ?? now) - begin >= least)
      .map(({ begin, end, began, ended }) => ({
        ...{ kind: "no_path", severity: "bad", speaker, hearer, begin, end, ...byServer },
        worst: ((end ?? now) - begin) / 1000,
        events: evidence([began, ended]),
      }));
  });
}

/** Sessions of a direction, or stays of a user, of which too many begin within a while. */
function flapping({ timeline, thresholds }: Judged): Issue[] {
  const { flapping: ofSessions, flapping_stays: ofStays } = thresholds;
  const media = timeline.sessions.filter(({ screen }) => screen === null);
  const sessions = Map.groupBy(media, ({ actor, peer }) => `${actor} ${peer}`);
  const stays = Map.groupBy(timeline.stays, ({ userid }) => userid);
  return [
    ...[...sessions.values()].flatMap((spans) =>
      bursts(spans, ofSessions.warn, 5 * 60_000).map((burst) =>
        flap(burst, { speaker: spans[0]!.actor, hearer: spans[0]!.peer, bad: ofSessions.bad })
      )
    ),
    ...[...stays.values()].flatMap((spans) =>
      // Who is there twice at once has two windows.
      bursts(successive(spans), ofStays.warn, 10 * 60_000).map((burst) =>
        flap(burst, { speaker: burst.at(-1)!.sessionid, hearer: null, bad: ofStays.bad })
      )
    ),
  ];
}

/** People who were there with others, and of whom nothing was seen until they were gone. */
function ghosts({ timeline, readings, thresholds, now }: Judged): Issue[] {
  return timeline.stays.flatMap((stay): Issue[] => {
    const { sessionid, begin, end, began, ended, cause, reconciled } = stay;
    if (end === null || !(cause === "disconnected" || reconciled)) return [];
    const others = timeline.stays.filter((other) => other.sessionid !== sessionid);
    const together = both([stay], others, now).reduce((sum, one) => sum + (one.end ?? now) - one.begin, 0);
    if (together < thresholds.ghost.warn * 1000) return [];
    const seen = timeline.sessions.some((one) =>
      [one.actor, one.peer].includes(sessionid) && one.begin < end && (one.end ?? now) > begin
    ) || readings.some(({ actor_id, time }) =>
      actor_id === sessionid && time >= begin && time <= end
    );
    if (seen) return [];
    const worst = (end - begin) / 1000;
    return [{
      ...{ kind: "ghost", severity: "warn", speaker: sessionid, hearer: null, begin, end, ...byServer },
      worst,
      events: evidence([began, ended]),
    }];
  });
}

/** Sessions in which, so long after their beginning, still nothing had arrived. */
function slowStarts({ timeline, readings, thresholds }: Judged): Issue[] {
  const bySession = Map.groupBy(readings, ({ sid }) => sid);
  return timeline.sessions.flatMap((session): Issue[] => {
    const { actor: speaker, peer: hearer, begin, began } = session;
    const told = (bySession.get(session.sid) ?? []).filter((reading) =>
      reading.actor_id === hearer && reading.peer_id === speaker && isBetween(reading, session) &&
      reading.time >= begin
    ).toSorted((a, b) => a.time - b.time);
    const first = told.find(({ way, bytes }) => way === "in" && (bytes ?? 0) > 0);
    if (!first) return [];
    const late = told.findLast(({ time }) =>
      time < first.time && time - begin > thresholds.slow_start.warn * 1000
    );
    if (!late) return [];
    const seconds = (late.time - begin) / 1000;
    return [{
      ...{ kind: "slow_start", speaker, hearer, media: null, by: "hearer", begin, end: first.time },
      severity: seconds > thresholds.slow_start.bad ? "bad" : "warn",
      worst: seconds,
      events: evidence([began, late.event_id, first.event_id]),
    }];
  });
}

/** People in sessions who measure nothing: of their calls less is known. */
function noTelemetry({ timeline, readings, now }: Judged): Issue[] {
  const heard = new Set(readings.map(({ actor_id }) => actor_id));
  return timeline.stays.flatMap((stay): Issue[] => {
    const { sessionid, begin, end, began, ended } = stay;
    if (heard.has(sessionid)) return [];
    const inCall = timeline.sessions.some((one) =>
      [one.actor, one.peer].includes(sessionid) && one.begin >= begin &&
      (end === null || one.begin < end) && (one.end ?? now) - one.begin >= 30_000
    );
    if (!inCall) return [];
    return [{
      ...{ kind: "no_telemetry", severity: "information", speaker: sessionid, hearer: null, ...byServer },
      ...{ begin, end, events: evidence([began, ended]) },
    }];
  });
}

function isBetween({ actor_id, peer_id, time }: LoggedReading, { actor, peer, end }: SessionSpan): boolean {
  return [actor, peer].includes(actor_id) && [actor, peer].includes(peer_id) && (end === null || time <= end);
}

function pairsOf({ stays }: Timeline): [string, string][] {
  const people = [...new Set(stays.map(({ sessionid }) => sessionid))];
  return people.flatMap((speaker) =>
    people.filter((hearer) => hearer !== speaker).map((hearer): [string, string] => [speaker, hearer])
  );
}

function staysOf({ stays }: Timeline, sessionid: string): StaySpan[] {
  return stays.filter((stay) => stay.sessionid === sessionid);
}

/** Stays that begin after the one before has ended. */
function successive(spans: readonly StaySpan[]): StaySpan[] {
  const ordered = spans.toSorted((a, b) => a.begin - b.begin);
  return ordered.filter((span, i) => i === 0 || (ordered[i - 1]!.end ?? Infinity) <= span.begin);
}

function flap(
  burst: readonly Span[],
  { bad, ...who }: { readonly speaker: string; readonly hearer: string | null; readonly bad: number },
): Issue {
  return {
    ...{ kind: "flapping", ...byServer, ...who },
    severity: burst.length >= bad ? "bad" : "warn",
    begin: burst[0]!.begin,
    end: burst.at(-1)!.begin,
    worst: burst.length,
    events: evidence(burst.map(({ began }) => began)),
  };
}
