/**
 * Issues in what was measured: each sample is graded, and what two of three samples show is an issue until two in
 * a row do not. Samples count while the log says that both were present, their session open and nothing paused.
 *
 * @module
 */
import { evidence, type Issue, type IssueKind, type Severity } from "./issue.ts";
import { directionOf, type Sample } from "./sample.ts";
import { type Grade, grade, gradeLow, silence, type Thresholds } from "./thresholds.ts";
import type { Media, SessionSpan, Span, Timeline } from "./timeline.ts";

/** What one sample shows of one kind of issue. */
export interface Finding {
  readonly kind: IssueKind;
  readonly grade: Grade;
  readonly value: number | null;
}

/** Grades a sample by every rule that it can be judged by. `witnessed`: the hearer measured, too. */
export function gradeSample(
  sample: Sample,
  media: Media,
  thresholds: Thresholds,
  witnessed = false,
): Finding[] {
  const { way, loss, rtt, jitter, buffer, bytes, concealment, freeze, fps, cpu, bandwidth } = sample;
  const found = (kind: IssueKind, graded: Grade, value: number | null): Finding => ({
    kind,
    grade: graded,
    value,
  });
  const worse = (a: Grade, b: Grade): Grade =>
    [a, b].includes("bad") ? "bad" : [a, b].includes("warn") ? "warn" : "ok";
  const delay = found("delay", grade(rtt, thresholds.delay), rtt);
  const lost = found("loss", grade(loss, thresholds.loss), loss);
  if (way === "out") {
    return [
      ...witnessed ? [] : [lost, delay],
      found("cpu", media === "audio" ? "ok" : grade(cpu, thresholds.cpu), cpu),
      found("uplink", media === "audio" ? "ok" : grade(bandwidth, thresholds.uplink), bandwidth),
    ];
  }
  const slow = gradeLow(fps, media === "screen" ? thresholds.screen_fps : thresholds.fps);
  const uneven = grade(jitter, thresholds.jitter);
  return [
    lost,
    delay,
    found(
      "jitter",
      worse(uneven, grade(buffer, thresholds.buffer)),
      uneven === "ok" ? buffer : jitter,
    ),
    // A screen on which nothing moves sends nothing, or a picture now and then.
    ...media === "screen" ? [] : [found("no_media", bytes === 0 ? "bad" : "ok", bytes)],
    ...media === "audio"
      ? [found("choppy_audio", grade(concealment, thresholds.choppy_audio), concealment)]
      : [found(
        "frozen_video",
        // Of nothing, no picture is late.
        bytes === 0 ? "ok" : worse(grade(freeze, thresholds.frozen_video), media === "screen" ? "ok" : slow),
        freeze,
      )],
  ];
}

/** The issues that samples show. */
export function measuredIssues(
  timeline: Timeline,
  samples: readonly Sample[],
  thresholds: Thresholds,
): Issue[] {
  const judged = samples.flatMap((sample) => {
    const media = mediaOf(timeline, sample);
    return media ? [{ sample, media }] : [];
  });
  const witnessed = new Set(
    judged.filter(({ sample }) => sample.way === "in").map(({ sample, media }) =>
      directionKey(sample, media)
    ),
  );
  const series = Map.groupBy(
    judged,
    ({ sample, media }) => `${directionKey(sample, media)} ${sample.way} ${sample.sid} ${sample.ssrc}`,
  );
  return [...series.values()].flatMap((ordered) => {
    const { media } = ordered[0]!;
    const one = ordered.map(({ sample }) => sample);
    const seen = witnessed.has(directionKey(one[0]!, media));
    const runs = adjoining(one);
    const judgedRuns = runs.flatMap((run, i) => {
      // The last goes on as long as samples come; what ended them ends it.
      const end = i < runs.length - 1 ? run.at(-1)!.end : null;
      const findings = run.map((sample) => gradeSample(sample, media, thresholds, seen));
      const kinds = findings[0]!.map(({ kind }) => kind);
      return [
        ...kinds.flatMap((kind, k) => intervals(run, findings.map((all) => all[k]!), kind, { media, end })),
        ...silentMicrophones(run, { media, end }, thresholds),
      ];
    });
    return [...judgedRuns, ...paths(one, media)];
  });
}

/** Of what medium a sample is, where it is one that can be judged; else null. */
export function mediaOf({ sessions, pauses, stays }: Timeline, sample: Sample): Media | null {
  const { speaker, hearer } = directionOf(sample);
  const within = (span: Span) => span.begin <= sample.begin && (span.end === null || sample.end <= span.end);
  const session = sessions.find((one: SessionSpan) =>
    one.sid === sample.sid && [one.actor, one.peer].includes(speaker) &&
    [one.actor, one.peer].includes(hearer) && within(one)
  );
  if (!session || sample.kind === null) return null;
  const present = (sessionid: string) => stays.some((stay) => stay.sessionid === sessionid && within(stay));
  if (!present(speaker) || !present(hearer)) return null;
  if (session.screen !== null) return sample.kind === "video" ? "screen" : null;
  const paused = pauses.some((pause) =>
    pause.sessionid === speaker && pause.media === sample.kind &&
    pause.begin < sample.end && (pause.end === null || pause.end > sample.begin)
  );
  return paused ? null : sample.kind;
}

// ---

function directionKey(sample: Sample, media: Media): string {
  const { speaker, hearer } = directionOf(sample);
  return `${speaker} ${hearer} ${media}`;
}

/** Of samples that adjoin: of what medium, and when they end where others come later. */
interface Run {
  readonly media: Media;
  readonly end: number | null;
}

/** Between samples of one run, in milliseconds: what a clock may be off. */
const longestGap = 5000;

/**
 * Samples in runs without a gap: what was not measured, or while somebody was muted, is neither good nor bad, and
 * joins nothing.
 */
function adjoining(samples: readonly Sample[]): Sample[][] {
  const runs: Sample[][] = [];
  for (const sample of samples) {
    const run = runs.at(-1);
    if (run && sample.begin - run.at(-1)!.end <= longestGap) run.push(sample);
    else runs.push([sample]);
  }
  return runs;
}

/** Raised when two of three samples show it, cleared when two in a row do not. */
function intervals(
  samples: readonly Sample[],
  findings: readonly Finding[],
  kind: IssueKind,
  { media, end: over }: Run,
): Issue[] {
  const issues: Issue[] = [];
  let open: { first: number; last: number } | undefined;
  const close = (end: number | null) => {
    if (!open) return;
    const shown = samples.slice(open.first, open.last + 1);
    const graded = findings.slice(open.first, open.last + 1).filter((finding) => finding.grade !== "ok");
    issues.push(issueOf(shown, {
      kind,
      media,
      end,
      severity: graded.filter((finding) => finding.grade === "bad").length >= 2 ? "bad" : "warn",
      worst: worstOf(kind, graded),
    }));
    open = undefined;
  };
  findings.forEach((finding, i) => {
    const isBad = finding.grade !== "ok";
    if (open) {
      if (isBad) open.last = i;
      else if (i - open.last >= 2) close(samples[open.last + 1]!.begin);
      return;
    }
    const earlier = [i - 2, i - 1].find((j) => j >= 0 && findings[j]!.grade !== "ok");
    if (isBad && earlier !== undefined) open = { first: earlier, last: i };
  });
  close(over);
  return issues;
}

/** Of most kinds the greatest value is the worst. */
function worstOf(kind: IssueKind, findings: readonly Finding[]): number | null {
  const values = findings.flatMap(({ value }) => value === null ? [] : [value]);
  if (values.length === 0) return null;
  return kind === "no_media" ? Math.min(...values) : Math.max(...values);
}

function issueOf(
  samples: readonly Sample[],
  rest: Pick<Issue, "kind" | "media" | "end" | "worst"> & { readonly severity: Severity },
): Issue {
  const first = samples[0]!;
  return {
    ...directionOf(first),
    begin: first.begin,
    by: first.way === "in" ? "hearer" : "speaker",
    events: evidence(samples.flatMap(({ events }) => events)),
    ...rest,
  };
}

/** Runs of samples in which the microphone gave nothing for long. */
function silentMicrophones(
  samples: readonly Sample[],
  { media, end: over }: Run,
  { silent_mic }: Thresholds,
): Issue[] {
  if (media !== "audio" || samples[0]!.way !== "out") return [];
  const issues: Issue[] = [];
  let run: Sample[] = [];
  const close = (end: number | null) => {
    const seconds = run.length === 0 ? 0 : (run.at(-1)!.end - run[0]!.begin) / 1000;
    if (seconds >= silent_mic.warn) {
      issues.push(issueOf(run, { kind: "silent_mic", media, end, severity: "warn", worst: seconds }));
    }
    run = [];
  };
  for (const sample of samples) {
    if (sample.energy !== null && sample.energy <= silence) run.push(sample);
    else close(sample.begin);
  }
  close(over);
  return issues;
}

/** Which way media go: by a relay, by TCP. */
function paths(samples: readonly Sample[], media: Media): Issue[] {
  const runs = { relayed: isRelayed, tcp: isTcp } as const;
  return (Object.keys(runs) as (keyof typeof runs)[]).flatMap((kind) => {
    const shown = samples.filter((sample) => runs[kind](sample));
    if (shown.length === 0) return [];
    const after = samples[samples.indexOf(shown.at(-1)!) + 1];
    const end = after?.begin ?? null;
    return [issueOf(shown, { kind, media, end, severity: "information", worst: null })];
  });
}

function isRelayed({ last }: Sample): boolean {
  return last.candidate === "relay" || last.remote_candidate === "relay";
}

function isTcp({ last }: Sample): boolean {
  return last.protocol === "tcp" || last.relay_protocol === "tcp" || last.relay_protocol === "tls";
}
