/**
 * What was measured around a moment, by direction: what the speaker's end says of it, and what the hearer's.
 *
 * @module
 */
import { type LoggedReading, type Sample, samplesOf } from "./sample.ts";
import { carries, type Media, type SessionSpan, type Timeline } from "./timeline.ts";

/** A direction: who sends, who receives, and what. */
export interface Direction {
  readonly speaker: string;
  readonly hearer: string;
  readonly media: Media;
}

/** Measurements of one Jingle session around a moment. Absent: none was sent, or not then. */
export interface Witnesses {
  /** By the speaker: what went out. */
  readonly sent?: Sample;
  /** By the hearer: what came in. */
  readonly received?: Sample;
  /** The samples before and with these, oldest first: of a microphone that is silent for long. */
  readonly sentBefore: readonly Sample[];
  readonly receivedBefore: readonly Sample[];
  /** The last that each end said of its connection, with the event. */
  readonly speakerLink?: LoggedReading;
  readonly hearerLink?: LoggedReading;
  /** The last of the hearer's readings, also where there are not two of them. */
  readonly hearerReading?: LoggedReading;
}

/** Finds measurements around moments. */
export interface Measured {
  at(direction: Direction, sid: string, moment: number): Witnesses;
}

/** How far from a moment a measurement may end and still speak of it, in milliseconds. */
export const nearness = 15_000;

/** Measurements by direction and session. */
export function measuredIn(readings: readonly LoggedReading[]): Measured {
  const bySession = Map.groupBy(readings, ({ actor_id, peer_id, sid }) => `${actor_id} ${peer_id} ${sid}`);
  const samples = new Map<string, Sample[]>();
  const of = (actor: string, peer: string, sid: string) => {
    const key = `${actor} ${peer} ${sid}`;
    const own = bySession.get(key) ?? [];
    if (!samples.has(key)) samples.set(key, samplesOf(own));
    return { readings: own, samples: samples.get(key)! };
  };
  return {
    at({ speaker, hearer, media }, sid, moment) {
      const kind = media === "audio" ? "audio" : "video";
      const ours = of(speaker, hearer, sid);
      const theirs = of(hearer, speaker, sid);
      const out = ours.samples.filter((sample) => sample.way === "out" && sample.kind === kind);
      const into = theirs.samples.filter((sample) => sample.way === "in" && sample.kind === kind);
      const sent = nearest(out, moment);
      const received = nearest(into, moment);
      const speakerLink = lastLink(ours.readings, moment);
      const hearerLink = lastLink(theirs.readings, moment);
      const hearerReading = theirs.readings.filter((r) =>
        r.way === "in" && r.kind === kind && Math.abs(r.time - moment) <= nearness
      )
        .at(-1);
      return {
        ...sent && { sent },
        ...received && { received },
        sentBefore: sent ? upTo(out, sent) : [],
        receivedBefore: received ? upTo(into, received) : [],
        ...speakerLink && { speakerLink },
        ...hearerLink && { hearerLink },
        ...hearerReading && { hearerReading },
      };
    },
  };
}

/** The sessions that carry a direction, open at a moment or before it, newest last. */
export function sessionsOf({ sessions }: Timeline, direction: Direction, moment: number): SessionSpan[] {
  return sessions.filter((session) => session.begin <= moment && carries(session, direction))
    .sort((a, b) => a.begin - b.begin);
}

// ---

/** The sample that a moment lies in, else the nearest that is near. */
function nearest(samples: readonly Sample[], moment: number): Sample | undefined {
  const distance = ({ begin, end }: Sample) => moment < begin ? begin - moment : Math.max(0, moment - end);
  return samples.filter((sample) => distance(sample) <= nearness)
    .sort((a, b) => distance(a) - distance(b) || b.end - a.end)[0];
}

function upTo(samples: readonly Sample[], last: Sample): Sample[] {
  return samples.filter(({ end, ssrc }) => ssrc === last.ssrc && end <= last.end);
}

/** The last word on a connection up to a moment, or the first after it. */
function lastLink(readings: readonly LoggedReading[], moment: number): LoggedReading | undefined {
  const told = readings.filter(({ connection }) => connection !== null)
    .toSorted((a, b) => a.time - b.time || a.event_id - b.event_id);
  return told.findLast(({ time }) => time <= moment + 2_000);
}
