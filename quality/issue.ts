/**
 * Issues: what was wrong with a call, as intervals. Each kind once, with what it means; `docs/quality.md` has the
 * rules, `thresholds.ts` the numbers.
 *
 * @module
 */
import type { Media } from "./timeline.ts";

/** The kinds. `information` is never a reason to act. */
export const issueKinds = {
  not_connected: "Two never got a connection to each other, or lost it for good",
  no_path: "Somebody is heard by others, and has no session with one who is there",
  flapping: "Sessions of a pair, or stays of a user, that begin again and again",
  ghost: "Somebody was in the room, and nothing else was seen of them",
  no_media: "Nothing arrived, though nothing was paused",
  loss: "Packets were lost",
  delay: "The round trip was long",
  jitter: "Packets came unevenly, or waited long in the buffer",
  choppy_audio: "Sound was made up for want of packets",
  frozen_video: "Pictures stood still, or were few",
  cpu: "The sender made do with less, for want of processor",
  uplink: "The sender made do with less, for want of network",
  silent_mic: "A microphone gave nothing, and was not muted",
  slow_start: "The first media came long after the session began",
  relayed: "Media went by a relay (TURN)",
  tcp: "Media went by TCP",
  no_telemetry: "Somebody in sessions sent no measurements",
} as const;

/** A kind of issue. */
export type IssueKind = keyof typeof issueKinds;

/** All kinds. */
export const issueKindNames = Object.keys(issueKinds) as [IssueKind, ...IssueKind[]];

/** Of how much weight an issue is. */
export type Severity = "information" | "warn" | "bad";

/** Something that was wrong, from when to when. Times in milliseconds since 1970. */
export interface Issue {
  readonly kind: IssueKind;
  readonly severity: Severity;
  /** Who sends and who receives; the one it is of stands as speaker where there are not two. */
  readonly speaker: string;
  readonly hearer: string | null;
  readonly media: Media | null;
  readonly begin: number;
  /** Null: it goes on. */
  readonly end: number | null;
  /** The worst value, in the kind's unit (percent, milliseconds, seconds, a count). */
  readonly worst: number | null;
  /** Whose word it is: the server's, or that of the end that measured. */
  readonly by: "server" | "speaker" | "hearer";
  /** Events that show it: the first two and the last two. */
  readonly events: readonly number[];
}

/** The first two and the last two of the events that show something. */
export function evidence(events: readonly (number | null)[]): number[] {
  const known = [...new Set(events.filter((id) => id !== null))].sort((a, b) => a - b);
  return known.length <= 4 ? known : [...known.slice(0, 2), ...known.slice(-2)];
}
