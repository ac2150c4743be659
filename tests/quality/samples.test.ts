import assert from "node:assert/strict";
import fc from "fast-check";
import { type LoggedReading, samplesOf } from "../../quality/sample.ts";
import { gradeSample } from "../../quality/findings.ts";
import { defaultThresholds, readThresholds } from "../../quality/thresholds.ts";
import { ada, bob, Call, reading, second } from "./call.ts";

const stream = { speaker: ada, hearer: bob, kind: "audio", way: "in" } as const;
const readings = (...all: [number, Partial<LoggedReading>][]): LoggedReading[] =>
  all.map(([seconds, values], i) => ({ event_id: i + 1, ...reading(stream, seconds, values), ...values }));

Deno.test("a sample is what happened between two readings", () => {
  const [sample, ...rest] = samplesOf(readings(
    [0, {
      bytes: 1000,
      packets: 100,
      lost: 5,
      jitter: 3,
      rtt: 40,
      samples: 480_000,
      concealed: 0,
      silent_concealed: 0,
    }],
    [10, {
      ...{ bytes: 41_000, packets: 590, lost: 15, jitter: 9, rtt: 60, samples: 960_000 },
      ...{ concealed: 60_000, silent_concealed: 12_000 },
    }],
  ));
  assert.equal(rest.length, 0);
  assert.ok(sample);
  assert.deepEqual(
    [sample.begin, sample.end, sample.bitrate, sample.packets, sample.loss, sample.jitter, sample.rtt],
    [second(0), second(10), 32_000, 490, 2, 9, 60],
  );
  assert.deepEqual([sample.concealment, sample.events], [10, [1, 2]]);
});

Deno.test("a counter that goes back, a gap and a jump begin a new series", () => {
  const counting = (bytes: number) => ({ bytes, packets: bytes / 100, lost: 0 });
  const cut = (...all: [number, number][]) =>
    samplesOf(readings(...all.map(([at, bytes]): [number, Partial<LoggedReading>] => [at, counting(bytes)])))
      .map(({ bytes }) => bytes);
  assert.deepEqual(cut([0, 1000], [10, 9000], [20, 500], [30, 2500]), [8000, 2000]);
  assert.deepEqual(cut([0, 1000], [10, 9000], [200, 12_000], [210, 14_000]), [8000, 2000]);
  assert.deepEqual(cut([0, 1000], [10, 1e15], [20, 1e15 + 3000]), [3000]);
});

Deno.test("a repeated report, whenever it comes and however often, counts once", () => {
  const series = readings(...[0, 10, 20, 30].map((at): [number, Partial<LoggedReading>] => [at, {
    ...{ bytes: at * 100, packets: at * 10, lost: 0 },
  }]));
  const once = samplesOf(series);
  fc.assert(fc.property(
    fc.array(fc.nat({ max: 3 }), { maxLength: 6 }),
    fc.infiniteStream(fc.nat()),
    (repeated, dice) => {
      const more = repeated.map((i) => series[i]!);
      const shuffled = [...series, ...more].sort(() => dice.next().value! % 2 - 0.5);
      assert.deepEqual(samplesOf(shuffled), once);
    },
  ));
  const between = readings([0, { bytes: 0 }], [2, { bytes: 200 }], [10, { bytes: 1000 }]);
  assert.deepEqual(samplesOf(between).map(({ bytes }) => bytes), [1000]);
});

Deno.test("of a few packets a share is not reckoned", () => {
  const few = samplesOf(readings([0, { packets: 0, lost: 0 }], [10, { packets: 9, lost: 1 }]));
  assert.equal(few[0]!.loss, null);
});

Deno.test("each threshold has two sides", () => {
  const call = (changed: Record<string, number>, way: "in" | "out", kind: "audio" | "video") => {
    const told = new Call().measure(
      [0, 10],
      [ada, bob],
      (one) => one.way === way && one.kind === kind ? changed : {},
    );
    const [sample] = samplesOf(told.readings.filter((one) => one.way === way && one.kind === kind));
    const found = gradeSample(sample!, kind, defaultThresholds);
    return (name: string) => found.find((one) => one.kind === name)?.grade;
  };
  // Counters of ten seconds: 1,000 packets, 480,000 samples.
  const rules: [
    string,
    "in" | "out",
    "audio" | "video",
    (value: number) => Record<string, number>,
    number,
    number,
  ][] = [
    ["loss", "in", "audio", (v) => ({ packets: 1000 - v * 10, lost: v * 10 }), 3, 10],
    ["loss", "out", "audio", (v) => ({ packets: 1000, lost: v * 10 }), 3, 10],
    ["delay", "in", "audio", (v) => ({ rtt: v }), 300, 500],
    ["jitter", "in", "audio", (v) => ({ jitter: v }), 30, 100],
    ["jitter", "in", "audio", (v) => ({ buffer_delay: v, buffer_emitted: 1000 }), 200, 500],
    [
      "choppy_audio",
      "in",
      "audio",
      (v) => ({ concealed: v * 100, silent_concealed: 0, samples: 10_000 }),
      3,
      7,
    ],
    [
      "choppy_audio",
      "in",
      "audio",
      (v) => ({ concealed: v * 100 + 5000, silent_concealed: 5000, samples: 10_000 }),
      3,
      7,
    ],
    ["frozen_video", "in", "video", (v) => ({ freezes: v / 10 }), 10, 30],
    ["cpu", "out", "video", (v) => ({ limited_cpu: v / 10 }), 30, 60],
    ["uplink", "out", "video", (v) => ({ limited_bandwidth: v / 10 }), 30, 60],
  ];
  for (const [kind, way, media, changed, warn, bad] of rules) {
    const graded = [warn, warn + 0.2, bad, bad + 0.2].map((value) => call(changed(value), way, media)(kind));
    assert.deepEqual(
      graded,
      ["ok", "warn", "warn", "bad"],
      `${kind} ${way} ${JSON.stringify(changed(warn))}`,
    );
  }
  assert.deepEqual(
    [71, 70, 69, 21, 19].map((frames) => call({ frames }, "in", "video")("frozen_video")),
    ["ok", "ok", "warn", "warn", "bad"],
  );
  assert.deepEqual([1, 0].map((bytes) => call({ bytes }, "in", "audio")("no_media")), ["ok", "bad"]);
});

Deno.test("an operator changes thresholds by name; what makes no sense is said", () => {
  const changed = readThresholds("loss=5/20, delay = 250.5/900");
  assert.deepEqual([changed.loss, changed.delay], [{ warn: 5, bad: 20 }, { warn: 250.5, bad: 900 }]);
  assert.deepEqual(changed.jitter, defaultThresholds.jitter);
  assert.deepEqual(readThresholds(""), defaultThresholds);
  for (const wrong of ["los=1/2", "loss=1", "loss=-1/2", "loss=a/b", "constructor=1/2"]) {
    assert.throws(() => readThresholds(wrong), /takes name=warn\/bad/, wrong);
  }
});
