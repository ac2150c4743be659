/**
 * Readings: what a measurement says of each stream, in columns. Counters are as the browser counts, from the
 * beginning of the stream; what happened between two readings is a sample (`sample.ts`). A reading follows from
 * its event alone, so that readings made again from the log are the same.
 *
 * @module
 */
import type { NewEvent } from "../events/event.ts";
import {
  AbsurdMeasurement,
  measuredAt,
  type Measurement,
  readMeasurement,
  type StatsReport,
} from "./measurement.ts";

/** Whose word a reading is, and of what. */
export interface Series {
  readonly room_id: string;
  /** Who measured. */
  readonly actor_id: string;
  /** The other end. */
  readonly peer_id: string;
  readonly sid: string;
  /** `in`: what comes from the peer; `out`: what goes there; `link`: the connection, where nothing flows yet. */
  readonly way: "in" | "out" | "link";
  readonly kind: "audio" | "video" | null;
  /** 0 of a link. */
  readonly ssrc: number;
}

/** What was read. Counters since the stream began; null where the browser does not say. */
export interface Values {
  readonly bytes: number | null;
  readonly packets: number | null;
  /** Packets that did not come; of `out`, by the peer's word (RTCP). */
  readonly lost: number | null;
  /** Milliseconds; of `out`, by the peer's word. */
  readonly jitter: number | null;
  /** Round trip in milliseconds. */
  readonly rtt: number | null;
  /** Audio samples that had to be made up, and those of them that were silence. */
  readonly concealed: number | null;
  readonly silent_concealed: number | null;
  readonly samples: number | null;
  /** Seconds of waiting in the jitter buffer, over so many samples or frames. */
  readonly buffer_delay: number | null;
  readonly buffer_emitted: number | null;
  /** Energy of what was heard (`in`) or picked up (`out`), and the seconds that it is of. */
  readonly energy: number | null;
  readonly duration: number | null;
  /** Frames decoded (`in`) or sent (`out`), and those that the camera gave. */
  readonly frames: number | null;
  readonly source_frames: number | null;
  /** Seconds of standing pictures. */
  readonly freezes: number | null;
  readonly fps: number | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Seconds for which the sender made do with less, for want of processor or of network. */
  readonly limited_cpu: number | null;
  readonly limited_bandwidth: number | null;
  /** Bits per second that the network seems to take. */
  readonly available: number | null;
  readonly worst_loss: number | null;
  readonly worst_rtt: number | null;
  readonly worst_jitter: number | null;
  readonly codec: string | null;
  /** `RTCPeerConnection.connectionState`. */
  readonly connection: string | null;
  /** Of the pair of candidates in use: host, srflx, prflx, relay; udp, tcp; how the relay is reached; wifi … */
  readonly candidate: string | null;
  readonly remote_candidate: string | null;
  readonly protocol: string | null;
  readonly relay_protocol: string | null;
  readonly network: string | null;
}

/** A reading of a stream. */
export interface Reading extends Series, Values {
  /** When, by our clock: milliseconds since 1970. */
  readonly time: number;
  /** When, by the client's: what tells a repetition. */
  readonly measured: number;
}

/** Most streams of a measurement that are kept. */
const mostStreams = 16;

/** Names of the values, in the order of the table's columns. */
export const valueNames = Object.keys(emptyValues()) as (keyof Values)[];

/** The readings in an event; none where it is no measurement, or of nobody. */
export function readingsOf(event: NewEvent): Reading[] {
  const { type, room_id, actor_id, peer_id, data } = event;
  if (type !== "p2p_session_stats" || !room_id || !actor_id || !peer_id) return [];
  const measurement = tolerant(data);
  if (!measurement) return [];
  const time = Date.parse(event.time);
  const common = { room_id, actor_id, peer_id, sid: measurement.sid ?? "", time };
  const measured = Math.round(measuredAt(measurement) ?? time);
  const link = linkOf(measurement);
  const streams = (measurement.reports ?? []).filter(isStream);
  const distinct = new Map(streams.map((report) => [`${report.type} ${report.ssrc}`, report]));
  const readings = [...distinct.values()].slice(0, mostStreams).map((report): Reading => ({
    ...common,
    measured,
    way: report.type === "inbound-rtp" ? "in" : "out",
    kind: report.kind === "audio" ? "audio" : "video",
    ssrc: report.ssrc ?? 0,
    ...emptyValues(),
    ...link,
    ...report.type === "inbound-rtp" ? incoming(report) : outgoing(report, measurement.reports ?? []),
    ...worstOf(report, measurement),
    ...codecOf(report, measurement),
  }));
  if (readings.length > 0 || (!measurement.states && !measurement.reports)) return readings;
  return [{ ...common, measured, way: "link", kind: null, ssrc: 0, ...emptyValues(), ...link }];
}

/** A reading of nothing. */
export function emptyValues(): Values {
  return {
    bytes: null,
    packets: null,
    lost: null,
    jitter: null,
    rtt: null,
    concealed: null,
    silent_concealed: null,
    samples: null,
    buffer_delay: null,
    buffer_emitted: null,
    energy: null,
    duration: null,
    frames: null,
    source_frames: null,
    freezes: null,
    fps: null,
    width: null,
    height: null,
    limited_cpu: null,
    limited_bandwidth: null,
    available: null,
    worst_loss: null,
    worst_rtt: null,
    worst_jitter: null,
    codec: null,
    connection: null,
    candidate: null,
    remote_candidate: null,
    protocol: null,
    relay_protocol: null,
    network: null,
  };
}

// ---

/** What is in the log from before there were rules has no readings where it breaks them. */
function tolerant(data: NewEvent["data"]): Measurement | null {
  try {
    return readMeasurement(data);
  } catch (error) {
    if (error instanceof AbsurdMeasurement) return null;
    throw error;
  }
}

function isStream({ type, kind }: StatsReport): boolean {
  return (type === "inbound-rtp" || type === "outbound-rtp") && (kind === "audio" || kind === "video");
}

const whole = (value: number | undefined) => value === undefined ? null : Math.trunc(value);
const millis = (value: number | undefined) => value === undefined ? null : value * 1000;

function incoming(report: StatsReport): Partial<Values> {
  return {
    bytes: whole(report.bytesReceived),
    packets: whole(report.packetsReceived),
    lost: whole(report.packetsLost),
    jitter: millis(report.jitter),
    concealed: whole(report.concealedSamples),
    silent_concealed: whole(report.silentConcealedSamples),
    samples: whole(report.totalSamplesReceived),
    buffer_delay: report.jitterBufferDelay ?? null,
    buffer_emitted: whole(report.jitterBufferEmittedCount),
    energy: report.totalAudioEnergy ?? null,
    duration: report.totalSamplesDuration ?? null,
    frames: whole(report.framesDecoded),
    freezes: report.totalFreezesDuration ?? null,
    fps: report.framesPerSecond ?? null,
    width: whole(report.frameWidth),
    height: whole(report.frameHeight),
  };
}

function outgoing(report: StatsReport, reports: readonly StatsReport[]): Partial<Values> {
  const remote = reports.find(({ type, ssrc }) => type === "remote-inbound-rtp" && ssrc === report.ssrc);
  const sources = reports.filter(({ type, kind }) => type === "media-source" && kind === report.kind);
  const source = sources.find(({ id }) => id !== undefined && id === report.mediaSourceId) ??
    (sources.length === 1 ? sources[0] : undefined);
  const limits = report.qualityLimitationDurations;
  return {
    bytes: whole(report.bytesSent),
    packets: whole(report.packetsSent),
    lost: whole(remote?.packetsLost),
    jitter: millis(remote?.jitter),
    ...remote?.roundTripTime !== undefined && { rtt: remote.roundTripTime * 1000 },
    energy: source?.totalAudioEnergy ?? null,
    duration: source?.totalSamplesDuration ?? null,
    frames: whole(report.framesSent),
    source_frames: whole(source?.frames),
    fps: report.framesPerSecond ?? null,
    width: whole(report.frameWidth),
    height: whole(report.frameHeight),
    limited_cpu: limits?.cpu ?? null,
    limited_bandwidth: limits?.bandwidth ?? null,
  };
}

/** What all streams of a connection share: its state, and the pair of candidates in use. */
function linkOf({ states, reports = [] }: Measurement): Partial<Values> {
  const byId = (id: string | undefined) => id === undefined ? undefined : reports.find((r) => r.id === id);
  const pairs = reports.filter(({ type }) => type === "candidate-pair");
  const transport = reports.find(({ type }) => type === "transport");
  const pair = byId(transport?.selectedCandidatePairId) ?? pairs.find(({ selected }) => selected) ??
    pairs.find(({ nominated, state }) => nominated && state === "succeeded") ?? (
      // The demo of old has numbers alone, of nominated pairs.
      pairs.length === 1 ? pairs[0] : undefined
    );
  const local = byId(pair?.localCandidateId);
  const remote = byId(pair?.remoteCandidateId);
  return {
    connection: states?.connection ?? null,
    rtt: millis(pair?.currentRoundTripTime),
    available: pair?.availableOutgoingBitrate ?? null,
    candidate: local?.candidateType ?? null,
    remote_candidate: remote?.candidateType ?? null,
    protocol: local?.protocol ?? null,
    relay_protocol: local?.relayProtocol ?? null,
    network: local?.networkType ?? null,
  };
}

function worstOf({ ssrc }: StatsReport, { worst = [] }: Measurement): Partial<Values> {
  const found = worst.find((one) => one.ssrc === ssrc);
  if (!found) return {};
  return {
    worst_loss: found.loss ?? null,
    worst_rtt: found.rtt ?? null,
    worst_jitter: found.jitter ?? null,
  };
}

function codecOf({ codecId }: StatsReport, { reports = [] }: Measurement): Partial<Values> {
  const codec = reports.find(({ type, id }) => type === "codec" && id !== undefined && id === codecId);
  return { codec: codec?.mimeType ?? null };
}
