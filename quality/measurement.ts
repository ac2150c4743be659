/**
 * What a client measured of one peer connection: the `data` of a `p2p_session_stats`. Reports have the names of
 * WebRTC's statistics (W3C webrtc-stats), so any page may send what `getStats()` gave it; our own client
 * (`client/telemetry`) adds states, the worst moment of an interval, and its clock. Addresses are never asked for.
 *
 * `data` that has none of this is kept as it is: it is a client's own, and no sample comes of it.
 *
 * @module
 */
import { z } from "zod";
import { faultsText } from "../events/faults.ts";

/** Most reports of a measurement that are read. */
const mostReports = 200;

/** `JSON.stringify(NaN)` is null: a browser that has no value for something. */
const absent = (value: unknown) => value === null ? undefined : value;
const number = (least: number, most: number, meaning: string) =>
  z.preprocess(absent, z.number().min(least).max(most).optional()).meta({ description: meaning });
const counter = (meaning: string) => number(0, Number.MAX_SAFE_INTEGER, meaning);
/** Counts of seconds since the series began: nothing runs for ten years. */
const seconds = (meaning: string) => number(0, 315_360_000, `${meaning}, in seconds`);
/** Milliseconds since 1970, by the client's clock. */
const moment = (meaning: string) =>
  number(0, 8_640_000_000_000_000, `${meaning}: milliseconds since 1970, by the client's clock`);
const text = (meaning: string) =>
  z.preprocess(absent, z.string().max(255).optional()).meta({ description: meaning });

/** One report of `RTCPeerConnection.getStats()`. Fields that are not here are kept, and not read. */
export const StatsReport = z.looseObject({
  type: z.string().max(64).meta({ description: "RTCStatsType, e.g. inbound-rtp" }),
  id: text("Its id among the reports of this measurement"),
  timestamp: moment("When the browser measured"),
  kind: text("audio or video"),
  ssrc: z.preprocess(absent, z.int().min(0).max(0xffff_ffff).optional()),
  bytesReceived: counter("inbound-rtp"),
  bytesSent: counter("outbound-rtp"),
  packetsReceived: counter("inbound-rtp"),
  packetsSent: counter("outbound-rtp"),
  // Duplicates make it negative (RFC 3550 §6.4.1).
  packetsLost: number(-(2 ** 31), Number.MAX_SAFE_INTEGER, "inbound-rtp, remote-inbound-rtp"),
  jitter: number(0, 3600, "inbound-rtp, remote-inbound-rtp, in seconds"),
  roundTripTime: number(0, 3600, "remote-inbound-rtp, in seconds"),
  concealedSamples: counter("inbound-rtp, audio"),
  silentConcealedSamples: counter("inbound-rtp, audio"),
  totalSamplesReceived: counter("inbound-rtp, audio"),
  jitterBufferDelay: number(
    0,
    Number.MAX_SAFE_INTEGER,
    "inbound-rtp, in seconds, over all samples or frames",
  ),
  jitterBufferEmittedCount: counter("inbound-rtp"),
  totalAudioEnergy: number(0, 1e9, "inbound-rtp and media-source, audio"),
  totalSamplesDuration: seconds("inbound-rtp and media-source, audio"),
  framesDecoded: counter("inbound-rtp, video"),
  framesSent: counter("outbound-rtp, video"),
  frames: counter("media-source, video"),
  freezeCount: counter("inbound-rtp, video"),
  totalFreezesDuration: seconds("inbound-rtp, video"),
  framesPerSecond: number(0, 1000, "inbound-rtp, outbound-rtp, media-source"),
  frameWidth: number(0, 65_535, "video"),
  frameHeight: number(0, 65_535, "video"),
  qualityLimitationReason: text("outbound-rtp: none, cpu, bandwidth or other"),
  qualityLimitationDurations: z.preprocess(
    absent,
    z.looseObject({ cpu: seconds("cpu"), bandwidth: seconds("bandwidth") }).optional(),
  ),
  mimeType: text("codec"),
  nominated: z.preprocess(absent, z.boolean().optional()),
  state: text("candidate-pair: succeeded …; not read of others"),
  selected: z.preprocess(absent, z.boolean().optional()),
  currentRoundTripTime: number(0, 3600, "candidate-pair, in seconds"),
  availableOutgoingBitrate: number(0, 1e12, "candidate-pair, in bits per second"),
  candidateType: text("local-candidate, remote-candidate: host, srflx, prflx or relay"),
  protocol: text("local-candidate, remote-candidate: udp or tcp"),
  relayProtocol: text("local-candidate: how the relay is reached: udp, tcp or tls"),
  networkType: text("local-candidate: wifi, cellular, ethernet …"),
  mediaSourceId: text("outbound-rtp: the id of its media-source"),
  codecId: text("inbound-rtp, outbound-rtp: the id of its codec"),
  localCandidateId: text("candidate-pair"),
  remoteCandidateId: text("candidate-pair"),
  selectedCandidatePairId: text("transport"),
});
/** One report of `getStats()`. */
export type StatsReport = z.infer<typeof StatsReport>;

/** The worst seconds of an interval, of one stream: what the mean over ten seconds hides. */
export const Worst = z.looseObject({
  ssrc: z.int().min(0).max(0xffff_ffff),
  loss: number(0, 100, "Packets lost, in percent"),
  rtt: number(0, 3_600_000, "Round trip, in milliseconds"),
  jitter: number(0, 3_600_000, "In milliseconds"),
});

/** The state of the page at large, told when it changes. */
const Page = z.looseObject({
  hidden: z.boolean().optional().meta({ description: "document.visibilityState is hidden" }),
  cores: z.int().min(1).max(65_536).optional().meta({ description: "navigator.hardwareConcurrency" }),
});

/** Why a camera, a microphone or a screen could not be had. */
const MediaError = z.looseObject({
  name: z.string().max(64).meta({ description: "DOMException's name, e.g. NotAllowedError" }),
  kind: text("audio, video or screen"),
});

/** `data` of a measurement. */
export const Measurement = z.looseObject({
  sid: z.string().min(1).max(255).optional().meta({ description: "The Jingle session that was measured" }),
  at: moment("When it was measured"),
  sent: moment("When it was sent: what tells the client's clock from ours"),
  reason: text("Why it was sent: interval, change or leaving"),
  states: z.looseObject({
    connection: text("RTCPeerConnection.connectionState"),
    ice: text("RTCPeerConnection.iceConnectionState"),
    dtls: text("RTCDtlsTransport.state"),
  }).optional(),
  worst: z.array(Worst).max(64).optional(),
  page: Page.optional(),
  media_error: MediaError.optional(),
  reports: z.array(StatsReport).max(mostReports).optional(),
});
/** `data` of a measurement. */
export type Measurement = z.infer<typeof Measurement>;

/** What is wrong with a measurement. */
export class AbsurdMeasurement extends Error {
  override name = "AbsurdMeasurement";
}

/** Whether `data` is a measurement that has something for us to read. */
export function isMeasurement(data: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(data["reports"]) || isObject(data["states"]) || isObject(data["page"]) ||
    isObject(data["media_error"]);
}

/** Reads a measurement; null of `data` that is none. Throws {@link AbsurdMeasurement}, which names each fault. */
export function readMeasurement(data: Readonly<Record<string, unknown>>): Measurement | null {
  if (!isMeasurement(data)) return null;
  const parsed = Measurement.safeParse(data);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 5).map((fault) => ({
    ...fault,
    path: ["data", ...fault.path],
  }));
  throw new AbsurdMeasurement(faultsText(faults, "data").slice(0, 500).toWellFormed());
}

/** When a measurement was made, by the client's clock, in milliseconds; undefined where it does not say. */
export function measuredAt({ at, reports = [] }: Measurement): number | undefined {
  if (at !== undefined) return at;
  // What the other end reported has the time of its arrival.
  const own = reports.filter(({ type }) => type === "inbound-rtp" || type === "outbound-rtp");
  const times = own.flatMap(({ timestamp }) => timestamp === undefined ? [] : [timestamp]);
  return times.length === 0 ? undefined : Math.max(...times);
}

// ---

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
