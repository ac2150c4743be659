/**
 * Samples: what happened on a stream between two readings of it, about ten seconds apart. A counter that goes
 * back, a gap, a jump that no network makes begin a new series: nothing is concluded across them, and what was not
 * told is "no telemetry", never a bad network.
 *
 * @module
 */
import { estimateMos } from "./mos.ts";
import type { Reading, Series, Values } from "./reading.ts";

/** A reading with its event's place in the log. */
export type LoggedReading = Reading & { readonly event_id: number };

/** A stream between two readings. Null: cannot be told. Percentages from 0 to 100. */
export interface Sample extends Series {
  /** Milliseconds since 1970. */
  readonly begin: number;
  readonly end: number;
  /** The ten seconds that it ends in, by number. */
  readonly bucket: number;
  /** The events that it was made of. */
  readonly events: readonly [number, number];
  /** Bytes and packets that came (`in`) or went (`out`). */
  readonly bytes: number | null;
  readonly packets: number | null;
  /** Bits per second. */
  readonly bitrate: number | null;
  /** Packets lost, in percent. */
  readonly loss: number | null;
  /** Milliseconds. */
  readonly jitter: number | null;
  readonly rtt: number | null;
  /** Mean wait in the jitter buffer, in milliseconds. */
  readonly buffer: number | null;
  /** Audio made up that was not silence, in percent. */
  readonly concealment: number | null;
  /** Energy of sound per second: of what was heard (`in`) or picked up (`out`). */
  readonly energy: number | null;
  readonly frames: number | null;
  readonly source_frames: number | null;
  /** Pictures per second. */
  readonly fps: number | null;
  /** Time in which the picture stood, in percent. */
  readonly freeze: number | null;
  /** Time in which the sender was limited, in percent. */
  readonly cpu: number | null;
  readonly bandwidth: number | null;
  /** Estimated, of audio that came in. */
  readonly mos: number | null;
  readonly last: Values;
}

/** Length of a bucket, in milliseconds. */
export const bucketLength = 10_000;

/** The samples of readings in any order; those that are the same measurement repeated count once. */
export function samplesOf(readings: readonly LoggedReading[]): Sample[] {
  const series = Map.groupBy(readings, seriesKey);
  return [...series.values()].flatMap(differences).sort((a, b) => a.end - b.end || a.events[1] - b.events[1]);
}

/** A text that is the same for readings of one stream. */
export function seriesKey({ actor_id, peer_id, sid, way, ssrc }: Series): string {
  return `${actor_id} ${peer_id} ${way} ${ssrc} ${sid}`;
}

/** Who sends on a stream, and who receives. */
export function directionOf({ way, actor_id, peer_id }: Series): { speaker: string; hearer: string } {
  return way === "in" ? { speaker: peer_id, hearer: actor_id } : { speaker: actor_id, hearer: peer_id };
}

// ---

/** Readings nearer than this make no sample of their own: they come when a state changes. Milliseconds. */
const shortest = 4_000;

/** After a gap longer than this a series begins anew. */
const longest = 60_000;

/** Of fewer packets (somebody who is silent sends hardly any) a share says nothing. */
const fewestPackets = 50;

/** Bits per second that no stream of a call has. */
const mostBitrate = 1e9;

function differences(readings: readonly LoggedReading[]): Sample[] {
  const ordered = readings.toSorted((a, b) => a.time - b.time || a.event_id - b.event_id);
  const samples: Sample[] = [];
  let base: LoggedReading | undefined;
  for (const reading of ordered) {
    if (reading.way === "link") continue;
    if (base && reading.measured === base.measured) continue;
    const elapsed = base ? reading.time - base.time : 0;
    if (base && elapsed < shortest && !hasReset(base, reading)) continue;
    if (base && elapsed <= longest && !hasReset(base, reading)) {
      const sample = difference(base, reading);
      if (sample.bitrate === null || sample.bitrate <= mostBitrate) samples.push(sample);
    }
    base = reading;
  }
  return samples;
}

/** Whether a counter went back. (Lost packets may be found again.) */
function hasReset(before: Values, after: Values): boolean {
  return counters.some((name) => (after[name] ?? Infinity) < (before[name] ?? -Infinity));
}
const counters = ["bytes", "packets", "samples", "duration", "frames", "freezes", "buffer_emitted"] as const;

function difference(before: LoggedReading, after: LoggedReading): Sample {
  const { room_id, actor_id, peer_id, sid, way, kind, ssrc } = after;
  const seconds = elapsedSeconds(before, after);
  const delta = (name: keyof Values) => {
    const [from, to] = [before[name], after[name]];
    return typeof from === "number" && typeof to === "number" ? Math.max(0, to - from) : null;
  };
  const bytes = delta("bytes");
  const packets = delta("packets");
  const buffer = ratio(scaled(delta("buffer_delay"), 1000), delta("buffer_emitted"));
  const loss = lossOf(way, delta("lost"), packets);
  const made = delta("concealed");
  const heard = made === null ? null : made - (delta("silent_concealed") ?? 0);
  const frames = delta("frames");
  return {
    ...{ room_id, actor_id, peer_id, sid, way, kind, ssrc },
    begin: before.time,
    end: after.time,
    bucket: Math.floor(after.time / bucketLength),
    events: [before.event_id, after.event_id],
    bytes,
    packets,
    bitrate: bytes === null ? null : bytes * 8 / seconds,
    loss,
    jitter: after.jitter,
    rtt: after.rtt,
    buffer,
    concealment: bounded(ratio(scaled(heard, 100), delta("samples"))),
    energy: ratio(delta("energy"), delta("duration")),
    frames,
    source_frames: delta("source_frames"),
    fps: frames === null ? after.fps : frames / seconds,
    freeze: bounded(scaled(delta("freezes"), 100 / seconds)),
    cpu: bounded(scaled(delta("limited_cpu"), 100 / seconds)),
    bandwidth: bounded(scaled(delta("limited_bandwidth"), 100 / seconds)),
    mos: way === "in" && kind === "audio" && loss !== null
      ? estimateMos({ rtt: after.rtt ?? 0, buffer: buffer ?? 0, loss })
      : null,
    last: after,
  };
}

/** By the client's clock, which is one; ours knows it the better the longer, unless the client's was set. */
function elapsedSeconds(before: Reading, after: Reading): number {
  const [ours, theirs] = [after.time - before.time, after.measured - before.measured];
  return (theirs > 0 && Math.abs(theirs - ours) < shortest ? theirs : ours) / 1000;
}

/** Lost packets in percent of those sent: of `in`, what came and what was lost; of `out`, what went. */
function lossOf(way: Series["way"], lost: number | null, packets: number | null): number | null {
  if (lost === null || packets === null || lost + packets < fewestPackets) return null;
  return bounded(ratio(lost * 100, way === "in" ? lost + packets : packets));
}

function ratio(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : part / whole;
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

function bounded(percent: number | null): number | null {
  return percent === null ? null : Math.min(100, Math.max(0, percent));
}
