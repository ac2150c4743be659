import assert from "node:assert/strict";
import { findIssues } from "../../quality/issues.ts";
import { type IssueKind, issueKindNames } from "../../quality/issue.ts";
import type { Values } from "../../quality/reading.ts";
import { defaultThresholds } from "../../quality/thresholds.ts";
import { timelineOf } from "../../quality/timeline.ts";
import { ada, bob, Call, type Change, dan, eve, reading, second } from "./call.ts";

const four = [ada, bob, eve, dan];
const find = ({ events, readings }: Call, until = 600) =>
  findIssues(timelineOf(events), readings, second(until));
const kinds = (call: Call, until?: number) => [...new Set(find(call, until).map(({ kind }) => kind))].sort();
const seen = new Set<IssueKind>();
/** The one issue of a kind that there must be. */
const only = (call: Call, kind: IssueKind, until?: number) => {
  const found = find(call, until).filter((issue) => issue.kind === kind);
  assert.equal(found.length, 1, `${kind}: ${JSON.stringify(found)}`);
  seen.add(kind);
  const [one] = found;
  assert.ok(one!.events.length > 0);
  return { ...one!, begin: (one!.begin - second(0)) / 1000, end: one!.end && (one!.end - second(0)) / 1000 };
};
const fine = (until: number) => new Call().mesh(0, ...four).measure([5, until], four);
const measured = (change: Change, people = [ada, bob]) =>
  new Call().mesh(0, ...people).measure([5, 295], people, change);

Deno.test("ten clean minutes of four people: no issue at all", () => {
  assert.deepEqual(find(fine(595)), []);
});

Deno.test("raised when two of three samples show it, cleared when two in a row do not", () => {
  const lossy = (...bad: number[]): Change => (stream, at) =>
    stream.speaker === ada && stream.kind === "audio" && stream.way === "in" && bad.includes(at)
      ? { packets: 420, lost: 80 }
      : {};
  assert.deepEqual(find(measured(lossy(105))), [], "one bad sample is none");
  assert.deepEqual(find(measured(lossy(105, 135))), [], "nor are two far apart");
  const issue = only(measured(lossy(105, 125, 135)), "loss");
  assert.deepEqual([issue.begin, issue.end, issue.worst, issue.severity], [95, 135, 16, "bad"]);
  assert.deepEqual([issue.speaker, issue.hearer, issue.media, issue.by], [ada, bob, "audio", "hearer"]);
  // One good one between does not end it; two do, and what comes later is another.
  const twice = find(measured(lossy(105, 115, 135, 165, 175)));
  assert.deepEqual(twice.map(({ begin, end }) => [(begin - second(0)) / 1000, (end! - second(0)) / 1000]), [
    [95, 135],
    [155, 175],
  ]);
  const live = find(measured(lossy(275, 285, 295)), 300);
  assert.deepEqual(live.map(({ end }) => end), [null], "what goes on has no end");
});

Deno.test("a mute, or a gap in what was measured, joins nothing before it with what came after", () => {
  const around = (change: Partial<Values>, way: "in" | "out"): Change => (stream, at) =>
    stream.speaker === ada && stream.kind === "audio" && stream.way === way && (at === 85 || at === 215)
      ? change
      : {};
  const lossy = around({ packets: 460, lost: 40 }, "in");
  const quiet = around({ energy: 0 }, "out");
  for (const [what, change] of Object.entries({ lossy, quiet })) {
    const muted = measured(change);
    muted.tell(90, "audio_paused", ada);
    muted.tell(204, "audio_resumed", ada);
    assert.deepEqual(find(muted), [], `${what}, muted between`);
    // Nothing came meanwhile, and what counts goes on where it was.
    const gap = measured((stream, at) => at > 85 && at < 205 ? null : change(stream, at));
    assert.deepEqual(
      find(gap).filter(({ kind }) => kind === "loss" || kind === "silent_mic"),
      [],
      `${what}, gap`,
    );
  }
  // An issue before a mute ends with it, whatever is after.
  const issue = measured((stream, at) =>
    stream.speaker === ada && stream.kind === "audio" && stream.way === "in" && at <= 85 && at >= 55
      ? { packets: 420, lost: 80 }
      : {}
  );
  issue.tell(90, "audio_paused", ada);
  issue.tell(204, "audio_resumed", ada);
  assert.equal(only(issue, "loss").end, 85);
});

Deno.test("nothing is judged while paused, absent or without a session", () => {
  const dead: Change = ({ speaker, kind }, at) =>
    speaker === ada && kind === "audio" && at > 100 && at <= 200 ? { bytes: 0, packets: 0, energy: 0 } : {};
  const muted = measured(dead);
  muted.tell(94, "audio_paused", ada);
  muted.tell(206, "audio_resumed", ada);
  assert.deepEqual(find(muted), []);
  assert.deepEqual(kinds(measured(dead)), ["no_media", "silent_mic"]);
  const left = measured(dead).disconnect(94, ada, bob, "success").connect(206, ada, bob, { sid: "again" });
  assert.deepEqual(kinds(left), []);
});

Deno.test("every kind of issue has a story that shows it", () => {
  const from =
    (way: "in" | "out", kind: "audio" | "video", values: Record<string, number>): Change => (one, at) =>
      one.speaker === ada && one.hearer === bob && one.way === way && one.kind === kind && at > 100 &&
        at <= 200
        ? values
        : {};
  assert.equal(only(measured(from("in", "audio", { bytes: 0, packets: 0 })), "no_media").severity, "bad");
  assert.equal(only(measured(from("in", "audio", { rtt: 400 })), "delay").severity, "warn");
  assert.equal(only(measured(from("in", "audio", { jitter: 60 })), "jitter").worst, 60);
  assert.equal(only(measured(from("in", "audio", { concealed: 48_000 })), "choppy_audio").severity, "bad");
  assert.equal(only(measured(from("in", "video", { freezes: 2 })), "frozen_video").severity, "warn");
  assert.equal(only(measured(from("out", "video", { limited_cpu: 9 })), "cpu").by, "speaker");
  assert.equal(only(measured(from("out", "video", { limited_bandwidth: 4 })), "uplink").severity, "warn");
  const mic = only(measured(from("out", "audio", { energy: 0 })), "silent_mic");
  assert.deepEqual([mic.begin, mic.end], [95, 195]);

  const refused = new Call().join(0, ada, bob).connect(1, ada, bob).disconnect(
    20,
    ada,
    bob,
    "failed-transport",
  );
  assert.deepEqual([only(refused, "not_connected").begin, only(refused, "not_connected").end], [1, 20]);

  const alone = new Call().join(0, ada, bob, eve).connect(1, ada, eve).connect(31, ada, bob);
  const path = only(alone, "no_path", 60);
  assert.deepEqual([path.speaker, path.hearer, path.begin, path.end], [ada, bob, 1, 31]);

  const flaps = new Call().join(0, ada, bob);
  for (const at of [1, 60, 120]) flaps.connect(at, ada, bob).disconnect(at + 50, ada, bob, "success");
  assert.equal(only(flaps, "flapping").worst, 3);
  const returning = new Call().join(0, ada).leave(10, ada, "disconnected").join(60, ada);
  assert.deepEqual([only(returning, "flapping").hearer, only(returning, "flapping").worst], [null, 2]);

  const ghost = new Call().join(0, ada, bob).leave(90, ada, "disconnected");
  assert.deepEqual([only(ghost, "ghost").speaker, only(ghost, "ghost").worst], [ada, 90]);

  const slow = new Call().join(0, ada, bob).connect(1, ada, bob);
  const stream = { speaker: ada, hearer: bob, kind: "audio", way: "in" } as const;
  [[8, 0], [12, 100]].forEach(([at, bytes]) =>
    slow.readings.push({
      event_id: 50 + at!,
      ...reading(stream, at!, { bytes: bytes!, connection: "connected" }),
    })
  );
  assert.deepEqual([only(slow, "slow_start").worst, only(slow, "slow_start").end], [7, 12]);

  const silent = new Call().mesh(0, ada, bob).measure([5, 95], [ada, bob], () => ({}), [ada]);
  assert.deepEqual([only(silent, "no_telemetry").speaker, only(silent, "no_telemetry").severity], [
    bob,
    "information",
  ]);
  const relay: Change = ({ speaker, kind }) =>
    speaker === ada && kind === "audio" ? { candidate: "relay", relay_protocol: "tcp" } : {};
  assert.equal(only(measured(relay), "relayed").severity, "information");
  assert.equal(only(measured(relay), "tcp").severity, "information");
  assert.deepEqual(
    [...issueKindNames].sort(),
    [...seen, "loss"].filter((k, i, all) => all.indexOf(k) === i).sort(),
  );
});

Deno.test("conditions have two sides, too", () => {
  const shared = (seconds: number) =>
    kinds(new Call().join(0, ada, bob, eve).connect(0, ada, eve).connect(seconds, ada, bob), 60);
  assert.deepEqual([shared(9.9), shared(10)].map((all) => all.includes("no_path")), [false, true]);
  const present = (seconds: number) =>
    kinds(new Call().join(0, ada, bob).leave(seconds, ada, "disconnected")).includes("ghost");
  assert.deepEqual([present(59), present(60)], [false, true]);
  assert.equal(
    kinds(new Call().join(0, ada).leave(90, ada, "disconnected")).includes("ghost"),
    false,
    "alone",
  );
  assert.equal(
    kinds(new Call().join(0, ada, bob).leave(90, ada, "left")).includes("ghost"),
    false,
    "said so",
  );
  const mic = (samples: number) =>
    kinds(
      measured((s, at) =>
        s.speaker === ada && s.kind === "audio" && s.way === "out" && at > 100 && at <= 100 + samples * 10
          ? { energy: 0 }
          : {}
      ),
    ).includes("silent_mic");
  assert.deepEqual([mic(2), mic(3)], [false, true]);
  const stays = (apart: number) =>
    kinds(new Call().join(0, ada).leave(10, ada).join(apart, ada), 900).includes("flapping");
  assert.deepEqual([stays(600), stays(601)], [true, false]);
});

Deno.test("docs/quality.md has each threshold with its numbers", async () => {
  const page = await Deno.readTextFile("docs/quality.md");
  const rows = [...page.matchAll(/^\| `(\w+)` +\| ([\d.]+) +\| ([\d.]+) +\|/gm)].map((
    [, name, warn, bad],
  ) => [name, { warn: Number(warn), bad: Number(bad) }]);
  assert.deepEqual(Object.fromEntries(rows), defaultThresholds);
});
