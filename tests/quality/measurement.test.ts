import assert from "node:assert/strict";
import { AbsurdMeasurement, measuredAt, readMeasurement } from "../../quality/measurement.ts";
import { readingsOf } from "../../quality/reading.ts";
import { ada, bob, room } from "./call.ts";

const time = "2026-01-05T14:00:00.000Z";
const event = (data: Record<string, unknown>) => ({
  ...{ type: "p2p_session_stats" as const, room_id: room, actor_id: ada, peer_id: bob, time, data },
});
const inbound = {
  type: "inbound-rtp",
  kind: "audio",
  ssrc: 7,
  bytesReceived: 10,
  timestamp: 1_767_621_599_000,
};

Deno.test("what browsers cannot have measured is refused, by name", () => {
  const absurd: [string, unknown][] = [
    ["reports.0.bytesReceived", { bytesReceived: -1 }],
    ["reports.0.bytesReceived", { bytesReceived: "NaN" }],
    ["reports.0.bytesReceived", { bytesReceived: 1e300 }],
    ["reports.0.jitter", { jitter: 1e6 }],
    ["reports.0.ssrc", { ssrc: 1.5 }],
    ["reports.0.ssrc", { ssrc: 2 ** 32 }],
    ["reports.0.timestamp", { timestamp: 1e18 }],
    ["reports.0.framesPerSecond", { framesPerSecond: 1e9 }],
    ["reports.0.type", { type: undefined }],
  ];
  for (const [path, change] of absurd) {
    assert.throws(
      () => readMeasurement({ sid: "s", reports: [{ ...inbound, ...change as object }] }),
      (error) => error instanceof AbsurdMeasurement && error.message.startsWith(`data.${path}: `),
      path,
    );
  }
  assert.throws(() => readMeasurement({ states: { connection: 5 } }), AbsurdMeasurement);
  assert.throws(() => readMeasurement({ reports: Array(201).fill(inbound) }), AbsurdMeasurement);
  assert.deepEqual(readingsOf(event({ reports: [{ ...inbound, bytesReceived: -1 }] })), []);
});

Deno.test("what a client has of its own is left alone; null is a browser's NaN", () => {
  assert.equal(readMeasurement({ rtt: 12 }), null);
  assert.equal(readMeasurement({ reports: "none" }), null);
  const read = readMeasurement({
    reports: [{ ...inbound, jitter: null, packetsLost: -3, strange: { a: 1 } }],
  });
  assert.equal(read?.reports?.[0]?.jitter, undefined);
  assert.equal(measuredAt(read!), inbound.timestamp);
  assert.equal(measuredAt({ at: 5, reports: [] }), 5);
});

Deno.test("the demo's shape of old, numbers alone, is read as far as it goes", () => {
  const data = {
    sid: "s1",
    reports: [
      { ...inbound, packetsReceived: 500, packetsLost: 2, jitter: 0.01 },
      { type: "candidate-pair", currentRoundTripTime: 0.05, availableOutgoingBitrate: 3e5 },
    ],
  };
  const [one, ...rest] = readingsOf(event(data));
  assert.equal(rest.length, 0);
  assert.deepEqual(
    [one!.way, one!.kind, one!.sid, one!.bytes, one!.lost, one!.jitter, one!.rtt, one!.available],
    ["in", "audio", "s1", 10, 2, 10, 50, 3e5],
  );
  assert.deepEqual([one!.measured, one!.time], [inbound.timestamp, Date.parse(time)]);
});

Deno.test("all that our client sends is in columns: source, codec, path, states, the worst seconds", () => {
  const data = {
    ...{ sid: "s1", at: 1_767_621_599_500, sent: 1_767_621_599_600, reason: "interval" },
    states: { connection: "connected", ice: "connected" },
    worst: [{ ssrc: 9, loss: 30, rtt: 90, jitter: 7 }],
    reports: [
      {
        ...{
          type: "outbound-rtp",
          id: "O",
          kind: "video",
          ssrc: 9,
          bytesSent: 5,
          packetsSent: 4,
          framesSent: 3,
        },
        ...{
          mediaSourceId: "M",
          codecId: "C",
          qualityLimitationDurations: { none: 1, cpu: 2, bandwidth: 3 },
        },
      },
      {
        type: "remote-inbound-rtp",
        kind: "video",
        ssrc: 9,
        packetsLost: 1,
        roundTripTime: 0.2,
        jitter: 0.003,
      },
      { type: "media-source", id: "M", kind: "video", frames: 30, framesPerSecond: 15 },
      { type: "codec", id: "C", mimeType: "video/VP8" },
      { type: "transport", id: "T", selectedCandidatePairId: "P" },
      { type: "candidate-pair", id: "Q", nominated: true, state: "succeeded", currentRoundTripTime: 9 },
      { type: "candidate-pair", id: "P", localCandidateId: "L", remoteCandidateId: "R" },
      { type: "local-candidate", id: "L", candidateType: "relay", protocol: "udp", relayProtocol: "tls" },
      { type: "remote-candidate", id: "R", candidateType: "srflx" },
    ],
  };
  const [one] = readingsOf(event(data));
  const { source_frames, limited_cpu, limited_bandwidth, lost, rtt, jitter, frames, codec } = one!;
  assert.deepEqual(
    { source_frames, limited_cpu, limited_bandwidth, lost, rtt, jitter, frames, codec },
    {
      source_frames: 30,
      limited_cpu: 2,
      limited_bandwidth: 3,
      lost: 1,
      rtt: 200,
      jitter: 3,
      frames: 3,
      codec: "video/VP8",
    },
  );
  const { candidate, remote_candidate, protocol, relay_protocol, connection, worst_loss, measured } = one!;
  assert.deepEqual(
    [candidate, remote_candidate, protocol, relay_protocol, connection, worst_loss, measured],
    ["relay", "srflx", "udp", "tls", "connected", 30, 1_767_621_599_500],
  );
});

Deno.test("a connection that carries nothing yet is a reading of its own", () => {
  const [one] = readingsOf(event({ sid: "s1", states: { connection: "failed" }, reports: [] }));
  assert.deepEqual([one!.way, one!.kind, one!.ssrc, one!.connection], ["link", null, 0, "failed"]);
  assert.deepEqual(readingsOf(event({ page: { hidden: true } })), []);
  assert.deepEqual(readingsOf({ ...event({ reports: [inbound] }), peer_id: null }), []);
});
