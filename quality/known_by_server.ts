/**
 * The first three questions, which the server's own view answers: were both present, was there a session, was it
 * not paused.
 *
 * @module
 */
import type { Direction, Witnesses } from "./direction.ts";
import type { Thresholds } from "./thresholds.ts";
import { covers, pauseAt, type SessionSpan, stayAt, type StaySpan, type Timeline } from "./timeline.ts";
import { answered, type Step, unknown, type VerdictCode } from "./verdict.ts";

/** 1. Were both present? */
export function wherePresent(timeline: Timeline, direction: Direction, moment: number): Step {
  const stays = (["speaker", "hearer"] as const).map((who) => ({
    who,
    stay: stayAt(timeline, direction[who], moment),
  }));
  const missing = stays.find(({ stay }) => !stay);
  if (!missing) return answered("present", "yes", "server", { events: stays.map(({ stay }) => stay?.began) });
  const { who } = missing;
  const before = timeline.stays.filter(({ sessionid, end }) =>
    sessionid === direction[who] && end !== null && end <= moment
  ).at(-1);
  const code = whyAbsent(who, before);
  return answered("present", "no", "server", {
    code,
    values: { who, cause: before?.cause ?? null, since: before?.end ? iso(before.end) : null },
    events: [before?.ended, ...code === "room_ended" ? [timeline.ended?.event] : []],
  });
}

/** Jingle's reasons of a session that never got, or lost, its connection (XEP-0166 §7.4). */
export const failures = ["failed-transport", "connectivity-error", "timeout", "failed-application"];

/** 2. Was there an open session from the speaker to the hearer, and did it connect? */
export function whereConnected(
  { timeline, direction, moment, sessions, thresholds }: {
    readonly timeline: Timeline;
    readonly direction: Direction;
    readonly moment: number;
    /** Those of this direction, up to the moment. */
    readonly sessions: readonly SessionSpan[];
    readonly thresholds: Thresholds;
  },
  witnesses: Witnesses,
): Step {
  const open = sessions.findLast((session) => covers(session, moment));
  if (open) return whetherItConnected(open, witnesses, moment, thresholds);
  const { speaker, hearer, media } = direction;
  if (media === "screen") {
    const shared = timeline.screens.some((span) => span.sessionid === speaker && covers(span, moment));
    if (!shared) return answered("session", "no", "server", { code: "not_shared" });
  }
  const last = sessions.at(-1);
  const met = Math.max(
    stayAt(timeline, speaker, moment)?.begin ?? 0,
    stayAt(timeline, hearer, moment)?.begin ?? 0,
  );
  // A session of an earlier stay says nothing of this one.
  if (last?.end && last.end >= met) {
    return answered("session", "no", "server", {
      code: failures.includes(last.reason ?? "") ? "not_connected" : "session_ended",
      values: { reason: last.reason, ended: iso(last.end) },
      events: [last.began, last.ended],
    });
  }
  const seconds = (moment - met) / 1000;
  return answered("session", "no", "server", {
    code: seconds <= thresholds.no_path.warn ? "connecting" : "no_session",
    values: { seconds_together: seconds },
    events: [],
  });
}

/** 3. Was it not paused? */
export function whereUnpaused(timeline: Timeline, { speaker, media }: Direction, moment: number): Step {
  const pause = pauseAt(timeline, speaker, media, moment);
  if (!pause) return answered("not_paused", "yes", "server");
  return answered("not_paused", "no", "server", {
    code: media === "audio" ? "muted" : "camera_off",
    values: { since: iso(pause.begin) },
    events: [pause.began],
  });
}

// ---

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function whyAbsent(who: "speaker" | "hearer", before: StaySpan | undefined): VerdictCode {
  if (!before) return `${who}_not_there`;
  if (before.cause === "destroyed") return "room_ended";
  if (before.reconciled || before.cause === "shutdown") return "server_restarted";
  if (before.cause === "left" || before.cause === null) return `${who}_left`;
  return before.cause === "disconnected" ? `${who}_disconnected` : `${who}_removed`;
}

/** What the ends say of an open session's connection. Where neither does, it is open: the server's word. */
function whetherItConnected(
  session: SessionSpan,
  { speakerLink, hearerLink, sent, received, hearerReading }: Witnesses,
  moment: number,
  thresholds: Thresholds,
): Step {
  const states = { speaker_connection: speakerLink?.connection, hearer_connection: hearerLink?.connection };
  const values = Object.fromEntries(Object.entries(states).flatMap(([k, v]) => v ? [[k, v]] : []));
  const events = [session.began, speakerLink?.event_id, hearerLink?.event_id];
  if ((received?.packets ?? 0) > 0) return answered("session", "yes", "hearer", { values, events });
  const said = [speakerLink, hearerLink].filter((link) => link !== undefined);
  const by = hearerLink ? "hearer" : speakerLink ? "speaker" : "server";
  // One end that is connected is believed: the other's word may be from before.
  if (said.length > 0 && said.every(({ connection }) => connection !== "connected")) {
    const flowed = (sent?.packets ?? 0) > 0 || (hearerReading?.packets ?? 0) > 0 ||
      said.some(({ packets }) => (packets ?? 0) > 0);
    if (flowed) return answered("session", "no", by, { code: "connection_lost", values, events });
    const young = moment - session.begin <= thresholds.not_connected.warn * 1000 &&
      said.every(({ connection }) => connection !== "failed");
    return answered("session", "no", by, { code: young ? "connecting" : "not_connected", values, events });
  }
  return answered("session", "yes", by, { values, events });
}

/** Questions that have no answer without a session. */
export const beyond = (["captured", "sent", "received", "playable"] as const).map((question) =>
  unknown(question)
);
