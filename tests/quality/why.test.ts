import assert from "node:assert/strict";
import type { Values } from "../../quality/reading.ts";
import { measuredIn } from "../../quality/direction.ts";
import { matrixAt } from "../../quality/matrix.ts";
import { type Media, timelineOf } from "../../quality/timeline.ts";
import { why } from "../../quality/why.ts";
import { ada, bob, Call, type Change, dan, eve, reading, second, sidOf } from "./call.ts";

const known = ({ events, readings }: Call) => ({
  timeline: timelineOf(events),
  measured: measuredIn(readings),
});
/** Why Bob could not hear (or see) Ada. */
const ask = (call: Call, at: number, media: Media = "audio") =>
  why(known(call), { speaker: ada, hearer: bob, media }, second(at));
const four = [ada, bob, eve, dan];

/** A call of four; `change` is applied to some streams. */
const call = (change: Change = () => ({})) => new Call().mesh(0, ...four).measure([5, 95], four, change);
const only =
  (test: (stream: Parameters<Change>[0]) => boolean, values: Partial<Values>): Change => (stream) =>
    test(stream) ? values : {};

Deno.test("all fine: what is left is the output; every step has its witness", () => {
  for (const media of ["audio", "video"] as const) {
    const { verdict, severity, steps, contrast } = ask(call(), 60, media);
    assert.deepEqual([verdict, severity], ["fine", 0]);
    assert.deepEqual(steps.map(({ answer }) => answer), Array(7).fill("yes"));
    assert.deepEqual(
      steps.map(({ by }) => by),
      ["server", "hearer", "server", "speaker", "speaker", "hearer", "hearer"],
    );
    assert.deepEqual(contrast.heard_speaker, { of: 2, well: 2, unknown: 0 });
  }
});

Deno.test("absent: who, and why, by the server's word", () => {
  const story = (end: (call: Call) => void) => {
    const told = new Call().mesh(0, ada, bob);
    end(told);
    return ask(told, 60).verdict;
  };
  assert.equal(story((c) => c.leave(50, ada)), "speaker_left");
  assert.equal(story((c) => c.leave(50, ada, "disconnected")), "speaker_disconnected");
  assert.equal(story((c) => c.leave(50, ada, "disconnected", { reconciled: true })), "server_restarted");
  assert.equal(story((c) => c.leave(50, ada, "kicked")), "speaker_removed");
  assert.equal(story((c) => c.leave(50, bob)), "hearer_left");
  assert.equal(story((c) => c.leave(50, bob, "disconnected")), "hearer_disconnected");
  assert.equal(story((c) => c.tell(50, "room_destroyed")), "room_ended");
  assert.equal(ask(new Call().join(0, bob).join(70, ada), 60).verdict, "speaker_not_there");
  const [present] = ask(new Call().mesh(0, ada, bob).leave(50, ada), 60).steps;
  assert.deepEqual([present!.answer, present!.by, present!.events], ["no", "server", [5]]);
});

Deno.test("no session, one that failed, one that ended, one still to come, one that never connected", () => {
  assert.equal(ask(new Call().join(0, ada, bob), 60).verdict, "no_session");
  assert.equal(ask(new Call().join(0, ada, bob), 5).verdict, "connecting");
  const ended = (reason: string) => new Call().mesh(0, ada, bob).disconnect(30, ada, bob, reason);
  assert.equal(ask(ended("failed-transport"), 60).verdict, "not_connected");
  assert.equal(ask(ended("success"), 60).verdict, "session_ended");
  assert.equal(ask(new Call().mesh(0, ada, bob), 60, "screen").verdict, "not_shared");

  const stuck = (connection: string) => {
    const told = new Call().mesh(0, ada, bob);
    for (const at of [5, 15, 25, 35, 45, 55]) {
      const link = reading({ speaker: ada, hearer: bob, kind: "audio", way: "in" }, at, { connection });
      told.readings.push({ event_id: 100 + at, ...link, way: "link", kind: null, ssrc: 0 });
    }
    return ask(told, 50);
  };
  assert.equal(stuck("connecting").verdict, "not_connected");
  assert.equal(stuck("failed").verdict, "not_connected");
  assert.equal(stuck("failed").steps[1]!.by, "hearer");
  const lost = call(({ speaker, hearer }, at) =>
    [speaker, hearer].includes(ada) && at >= 55 ? { connection: "failed", packets: 0, bytes: 0 } : {}
  );
  assert.equal(ask(lost, 85).verdict, "connection_lost");
});

Deno.test("muted, camera off; resumed is over; another's mute is not Ada's", () => {
  const told = call();
  const id = told.tell(50, "audio_paused", ada);
  told.tell(50, "audio_paused", eve);
  told.tell(52, "video_paused", ada);
  told.tell(70, "audio_resumed", ada);
  assert.equal(ask(told, 60).verdict, "muted");
  assert.deepEqual(ask(told, 60).steps[2]!.events, [id]);
  assert.equal(ask(told, 60, "video").verdict, "camera_off");
  assert.equal(ask(told, 80).verdict, "fine");
  assert.equal(ask(told, 45).verdict, "fine");
});

Deno.test("what the devices and networks did, each by its own name", () => {
  const fromAda = ({ speaker }: Parameters<Change>[0]) => speaker === ada;
  const toBob = ({ hearer }: Parameters<Change>[0]) => hearer === bob;
  const path = (stream: Parameters<Change>[0]) => fromAda(stream) && toBob(stream);
  const lossy = (way: "in" | "out"): Partial<Values> =>
    way === "in" ? { packets: 425, lost: 75 } : { lost: 75 };
  const cases: [string, Media, Change][] = [
    ["silent_microphone", "audio", only(fromAda, { energy: 0 })],
    [
      "no_picture",
      "video",
      only((s) => fromAda(s) && s.way === "out" && s.kind === "video", { source_frames: 0 }),
    ],
    ["not_sent", "audio", only((s) => fromAda(s) && s.way === "out", { packets: 0, bytes: 0 })],
    [
      "cpu_limited",
      "video",
      only((s) => fromAda(s) && s.way === "out" && s.kind === "video", { limited_cpu: 8 }),
    ],
    [
      "uplink_limited",
      "video",
      only((s) => fromAda(s) && s.way === "out" && s.kind === "video", { limited_bandwidth: 8 }),
    ],
    ["not_received", "audio", only((s) => path(s) && s.way === "in", { packets: 0, bytes: 0 })],
    ["loss_uplink", "audio", (s) => fromAda(s) ? lossy(s.way) : {}],
    ["loss_downlink", "audio", (s) => toBob(s) ? lossy(s.way) : {}],
    ["loss", "audio", (s) => path(s) ? lossy(s.way) : {}],
    ["delay", "audio", only(path, { rtt: 800 })],
    ["choppy", "audio", only((s) => path(s) && s.kind === "audio" && s.way === "in", { concealed: 48_000 })],
    ["frozen", "video", only((s) => path(s) && s.kind === "video" && s.way === "in", { freezes: 4 })],
    ["not_decoded", "video", only((s) => path(s) && s.kind === "video" && s.way === "in", { frames: 0 })],
    ["late", "audio", only((s) => path(s) && s.way === "in", { buffer_delay: 480_000 })],
  ];
  for (const [verdict, media, change] of cases) {
    const answer = ask(call(change), 60, media);
    assert.equal(answer.verdict, verdict, JSON.stringify(answer.steps));
    assert.ok(answer.sentence.length > 20 && answer.steps.some(({ events }) => events.length > 0));
  }
});

Deno.test("of one end's telemetry, or none, the verdict is still true: unknown where unknown", () => {
  const by = (reporters: string[], change?: Change) =>
    new Call().mesh(0, ada, bob).measure([5, 95], [ada, bob], change, reporters);
  const answers = (told: Call) => ask(told, 60).steps.map(({ answer }) => answer).join(" ");
  assert.equal(answers(by([])), "yes yes yes unknown unknown unknown unknown");
  assert.equal(ask(by([]), 60).verdict, "unmeasured");
  assert.equal(ask(by([ada]), 60).verdict, "unmeasured");
  // Ada hears of Bob's losses by RTCP.
  assert.equal(answers(by([ada])), "yes yes yes yes yes yes unknown");
  assert.equal(ask(by([ada], () => ({ lost: 75 })), 60).verdict, "loss");
  // What Bob got, Ada has sent.
  assert.equal(answers(by([bob])), "yes yes yes yes yes yes yes");
  assert.equal(ask(by([bob]), 60).verdict, "fine");
  // A mute is the server's to say.
  const muted = by([]);
  muted.tell(50, "audio_paused", ada);
  assert.equal(ask(muted, 60).verdict, "muted");
  // What was measured a minute ago is no measurement of now.
  assert.equal(ask(by([ada, bob]), 150).verdict, "unmeasured");
});

Deno.test("one who lies, lies about themselves: the hearer's word stands against the speaker's", () => {
  const lying = call(only((s) => s.speaker === ada && s.way === "out", { packets: 0, bytes: 0, energy: 0 }));
  const answer = ask(lying, 60);
  assert.equal(answer.steps[5]!.answer, "yes");
  assert.equal(answer.steps[5]!.by, "hearer");
  assert.ok(answer.steps.filter(({ code }) => code).every(({ by }) => by === "speaker"));
  // Measurements of sessions that never were change nothing.
  const strange = call();
  strange.readings.push(...strange.readings.map((one) => ({ ...one, sid: "never", packets: 0, bytes: 0 })));
  assert.equal(ask(strange, 60).verdict, "fine");
  assert.notEqual(sidOf(ada, bob), "never");
});

Deno.test("the matrix has the shape of the trouble", () => {
  const shape = (change?: Change) => {
    const { shape, cells, people } = matrixAt(known(call(change)), "audio", second(60));
    assert.deepEqual([people.length, cells.length], [4, 12]);
    return [shape.kind, shape.person];
  };
  const silent = { packets: 0, bytes: 0 };
  assert.deepEqual(shape(), ["clean", null]);
  assert.deepEqual(shape(only(({ speaker }) => speaker === ada, silent)), ["row", ada]);
  assert.deepEqual(shape(only(({ hearer }) => hearer === bob, silent)), ["column", bob]);
  assert.deepEqual(shape(only(({ speaker, hearer }) => speaker === ada && hearer === bob, silent)), [
    "cell",
    null,
  ]);
  assert.deepEqual(shape(() => silent), ["everything", null]);
  const { sentence } = ask(
    call(only(({ speaker, hearer }) => speaker === ada && hearer === bob, silent)),
    60,
  );
  assert.match(sentence, /2 of 2 others had the speaker; the hearer had 2 of 2\.$/);
});
