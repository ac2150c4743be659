/**
 * Why could X not hear (or see) Y at a moment: seven questions in order, and the first that is answered no is the
 * answer. Pure: from a room's timeline and the measurements around the moment.
 *
 * @module
 */
import { type Direction, type Measured, sessionsOf } from "./direction.ts";
import { type LossCode, whereCaptured, wherePlayable, whereReceived, whereSent } from "./known_by_clients.ts";
import { beyond, whereConnected, wherePresent, whereUnpaused } from "./known_by_server.ts";
import type { Media } from "./timeline.ts";
import { defaultThresholds, grade, type Thresholds } from "./thresholds.ts";
import { covers, presentAt, type Timeline } from "./timeline.ts";
import { type Step, unknown, type VerdictCode, verdicts } from "./verdict.ts";

/** What is known of a room. */
export interface Known {
  readonly timeline: Timeline;
  readonly measured: Measured;
  readonly thresholds?: Thresholds;
}

/** How many others there were, and how many of them heard or were heard. */
export interface Contrast {
  /** Of those who were there besides the hearer, so many heard the speaker. */
  readonly heard_speaker: { readonly of: number; readonly well: number; readonly unknown: number };
  /** Of those who were there besides the speaker, the hearer heard so many. */
  readonly heard_by_hearer: { readonly of: number; readonly well: number; readonly unknown: number };
}

/** The answer. */
export interface Why {
  readonly verdict: VerdictCode;
  /** 0: nothing wrong; 1: a nuisance; 2: reason enough not to hear or see. */
  readonly severity: 0 | 1 | 2;
  /** For people. */
  readonly sentence: string;
  readonly steps: readonly Step[];
  readonly contrast: Contrast;
}

/** Answers for one direction at a moment (milliseconds since 1970). */
export function why(known: Known, direction: Direction, moment: number): Why {
  const contrast = contrastOf(known, direction, moment);
  const steps = stepsOf(known, direction, moment);
  const { verdict, severity } = judge(steps);
  const sentence = [verdicts[verdict], ...sentencesOf(contrast, verdict)].join(" ");
  return { verdict, severity, sentence, steps, contrast };
}

/** The verdict on one direction, without the others. */
export function verdictOf(
  known: Known,
  direction: Direction,
  moment: number,
): { readonly verdict: VerdictCode; readonly severity: 0 | 1 | 2; readonly events: readonly number[] } {
  return judge(stepsOf(known, direction, moment));
}

// ---

function stepsOf(known: Known, direction: Direction, moment: number): Step[] {
  const { timeline, measured, thresholds = defaultThresholds } = known;
  const present = wherePresent(timeline, direction, moment);
  if (present.answer === "no") return [present, unknown("session"), unknown("not_paused"), ...beyond];
  const sessions = sessionsOf(timeline, direction, moment);
  const open = sessions.findLast((session) => covers(session, moment));
  const witnesses = measured.at(direction, open?.sid ?? "", moment);
  const context = { timeline, direction, moment, sessions, thresholds };
  const connected = whereConnected(context, witnesses);
  const unpaused = whereUnpaused(timeline, direction, moment);
  if (!open) return [present, connected, unpaused, ...beyond];
  return [
    present,
    connected,
    unpaused,
    whereCaptured(direction, witnesses, thresholds),
    whereSent(direction, witnesses, thresholds),
    whereReceived(direction, witnesses, thresholds, () => lossCode(known, direction, moment)),
    wherePlayable(direction, witnesses, thresholds),
  ];
}

/** The first grave step, else the first that is a nuisance; else whether enough was measured to say "fine". */
function judge(
  steps: readonly Step[],
): { verdict: VerdictCode; severity: 0 | 1 | 2; events: readonly number[] } {
  const wrong = steps.find(({ severity }) => severity === 2) ?? steps.find(({ severity }) => severity === 1);
  if (wrong?.code) return { verdict: wrong.code, severity: wrong.severity, events: wrong.events };
  const measured = steps.slice(-2).every(({ answer }) => answer !== "unknown");
  const events = steps.at(-1)?.events ?? [];
  return { verdict: measured ? "fine" : "unmeasured", severity: 0, events };
}

/**
 * Whose loss it is: of the speaker's uplink, where others lose what the speaker sends as well, of the hearer's
 * downlink, where the hearer loses what others send. Where both or neither, or nobody else is there, it is the way's.
 */
function lossCode(known: Known, direction: Direction, moment: number): LossCode {
  const { speaker, hearer } = direction;
  const others = presentAt(known.timeline, moment).filter((id) => id !== speaker && id !== hearer);
  const lossy = (from: string, to: string) => {
    const loss = (["audio", "video"] as const)
      .map((media) => lossOf(known, { speaker: from, hearer: to, media }, moment))
      .filter((value) => value !== null);
    return loss.length === 0 ? [] : [grade(Math.max(...loss), (known.thresholds ?? defaultThresholds).loss)];
  };
  const fromSpeaker = others.flatMap((other) => lossy(speaker, other));
  const toHearer = others.flatMap((other) => lossy(other, hearer));
  const share = (grades: readonly string[]) =>
    grades.length === 0 ? 0 : grades.filter((one) => one !== "ok").length / grades.length;
  const [row, column] = [share(fromSpeaker), share(toHearer)];
  if (row > 0.5 && column <= 0.5) return "loss_uplink";
  if (column > 0.5 && row <= 0.5) return "loss_downlink";
  return "loss";
}

function lossOf({ timeline, measured }: Known, direction: Direction, moment: number): number | null {
  const open = sessionsOf(timeline, direction, moment).findLast((session) => covers(session, moment));
  if (!open) return null;
  const { sent, received } = measured.at(direction, open.sid, moment);
  return received?.loss ?? sent?.loss ?? null;
}

function contrastOf(known: Known, { speaker, hearer, media }: Direction, moment: number): Contrast {
  const others = presentAt(known.timeline, moment).filter((id) => id !== speaker && id !== hearer);
  const count = (directions: readonly Direction[]) => {
    const found = directions.map((direction) => verdictOf(known, direction, moment));
    return {
      of: found.length,
      well: found.filter(({ verdict, severity }) => severity < 2 && verdict !== "unmeasured").length,
      unknown: found.filter(({ verdict }) => verdict === "unmeasured").length,
    };
  };
  return {
    heard_speaker: count(others.map((other) => ({ speaker, hearer: other, media }))),
    heard_by_hearer: count(others.map((other) => ({ speaker: other, hearer, media }))),
  };
}

/** "At that time 5 of 6 others heard the speaker; the hearer heard 0 of 6." */
function sentencesOf(
  { heard_speaker: row, heard_by_hearer: column }: Contrast,
  verdict: VerdictCode,
): string[] {
  if (row.of === 0 || absences.test(verdict)) return [];
  const rest = row.unknown + column.unknown > 0 ? " (not all of it was measured)" : "";
  return [
    `At that time ${row.well} of ${row.of} others had the speaker; the hearer had ` +
    `${column.well} of ${column.of}${rest}.`,
  ];
}

const absences = /^(room_ended|server_restarted|(speaker|hearer)_)/;

/** Every direction between those who are present, for a medium. */
export function directionsAt(timeline: Timeline, media: Media, moment: number): Direction[] {
  const present = presentAt(timeline, moment);
  return present.flatMap((speaker) =>
    present.filter((hearer) => hearer !== speaker).map((hearer) => ({ speaker, hearer, media }))
  );
}
