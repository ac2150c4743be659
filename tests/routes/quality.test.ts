import assert from "node:assert/strict";
import { outboxRun, storeAll } from "../db/outbox.ts";
import { roomRecord } from "../events/history.ts";
import { ada, at, bob, daily, dailyRoom, eve, makeCall } from "./a_call.ts";
import { type Api, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

/** Ada and Bob are connected both ways from second 20 on, and measure every ten seconds up to 120. */
async function measuredCall(
  api: Api,
  change: (way: "in" | "out", second: number, who: string) => Record<string, number> = () => ({}),
): Promise<void> {
  await makeCall(api.sql);
  const start = (actor: string, peer: string) =>
    roomRecord("p2p_session_started", dailyRoom, at(20), {
      actor,
      peer,
      data: { sid: actor.slice(-1), media: ["audio"] },
    });
  await storeAll(api.sql, outboxRun([start(ada, bob), start(bob, ada)], { first: 21 }));
  const totals = new Map<string, Record<string, number>>();
  for (let second = 25; second <= 125; second += 10) {
    for (const [who, other] of [[ada, bob], [bob, ada]] as const) {
      const time = at(second);
      const item = (way: "in" | "out", speaker: string) => {
        const key = `${who} ${way}`;
        const step = {
          ...way === "in"
            ? {
              bytesReceived: 40_000,
              packetsReceived: 500,
              packetsLost: 0,
              totalSamplesReceived: 480_000,
              concealedSamples: 0,
            }
            : { bytesSent: 40_000, packetsSent: 500 },
          ...{ totalAudioEnergy: 1, totalSamplesDuration: 10 },
          ...change(way, second, who),
        };
        const total = totals.get(key) ?? {};
        for (const [name, value] of Object.entries(step)) total[name] = (total[name] ?? 0) + value;
        totals.set(key, total);
        const type = way === "in" ? "inbound-rtp" : "outbound-rtp";
        const stream = { type, kind: "audio", ssrc: Number(speaker.slice(-1)), ...total, jitter: 0.002 };
        const { totalAudioEnergy, totalSamplesDuration } = total;
        const source = { type: "media-source", kind: "audio", totalAudioEnergy, totalSamplesDuration };
        return {
          ...{ type: "p2p_session_stats" as const, room_id: daily, actor_id: who, peer_id: other, time },
          data: {
            sid: speaker.slice(-1),
            states: { connection: "connected" },
            reports: way === "in" ? [stream] : [stream, source],
          },
        };
      };
      const events = [item("out", who), item("in", other)];
      await storeAll(api.sql, { origin: "telemetry", sessionid: who, events, refusals: [] });
    }
  }
}

const why = (api: Api, moment: string, [speaker, hearer] = [ada, bob]) =>
  api.get(`/rooms/${daily}/why?speaker=${speaker}&hearer=${hearer}&${moment}`);

Deno.test("why: the answer with its evidence, each of whose events is there and speaks of it", async () => {
  await using api = await testApi();
  await measuredCall(
    api,
    (way, _, who) => way === "in" && who === bob ? { packetsReceived: 410, packetsLost: 90 } : {},
  );
  const lost = await why(api, `at=${at(80)}`);
  assert.deepEqual([lost.verdict, lost.severity], ["loss", 2]);
  assert.deepEqual(lost.speaker, { sessionid: ada, userid: `${ada}@guests.talky.test` });
  const { events: [event] } = lost.steps[5];
  const [shown] = (await api.get(`/events?after=${event - 1}&limit=1`)).items;
  assert.deepEqual([shown.id, shown.type, shown.actor_id], [event, "p2p_session_stats", bob]);
  assert.equal((await why(api, `at=${at(80)}`, [bob, ada])).verdict, "fine");

  assert.equal((await why(api, "at=2026-01-01T12:00:19.900Z")).verdict, "no_session");
  assert.equal((await why(api, `at=${at(6)}`, [ada, eve])).verdict, "hearer_not_there");
  assert.equal((await why(api, "at=2030-01-01T00:00:00Z")).verdict, "unmeasured");
});

Deno.test("upto: the answer is what it was when the log ended there", async () => {
  await using api = await testApi();
  await measuredCall(api);
  const moment = `at=${at(95)}`;
  const [{ id }] = await api.sql<[{ id: number }]>`select id from log_head`;
  const mute = roomRecord("audio_paused", dailyRoom, at(90), { actor: ada });
  await storeAll(api.sql, outboxRun([mute], { first: 23 }));
  assert.equal((await why(api, moment)).verdict, "muted");
  assert.equal((await why(api, `upto=${id}`)).verdict, "fine");
  assert.equal((await why(api, `upto=${id + 1}`)).verdict, "muted");
  const state = await api.get(`/rooms/${daily}/state?upto=${id}`);
  assert.deepEqual(state.occupants.map(({ audio_paused }: { audio_paused: boolean }) => audio_paused), [
    false,
    false,
  ]);
  await assertProblem(
    await api.request(`/rooms/${daily}/why?speaker=${ada}&hearer=${bob}&upto=1&${moment}`),
    "invalid_request",
  );
});

Deno.test("issues of a room and across rooms: those that go on first, by kind, person, time", async () => {
  await using api = await testApi();
  const loses = (second: number) => second >= 60 && second <= 90;
  await measuredCall(
    api,
    (way, second, who) =>
      way === "in" && who === bob && loses(second) ? { packetsReceived: 410, packetsLost: 90 } : {},
  );
  const span = `from=${at(0)}&to=${at(130)}`;
  const { items, complete } = await api.get(`/rooms/${daily}/issues?${span}`);
  assert.equal(complete, true);
  const of = (kind: string) => items.filter((one: { kind: string }) => one.kind === kind);
  const [loss] = of("loss");
  assert.deepEqual([loss.speaker, loss.hearer, loss.media, loss.severity, loss.by], [
    ada,
    bob,
    "audio",
    "bad",
    "hearer",
  ]);
  assert.deepEqual([loss.begin, loss.end, loss.worst], [at(55), at(85), 18]);
  const across = (await api.get(`/issues?${span}`)).items;
  assert.deepEqual(across.find((one: { kind: string }) => one.kind === "loss"), loss);
  const ends = across.map(({ end }: { end: string | null }) => end === null);
  assert.deepEqual(ends, ends.toSorted((a: boolean, b: boolean) => Number(b) - Number(a)), "live ones first");
  const kinds = async (query: string) =>
    (await api.get(`/issues?${query}`)).items.map(({ kind }: { kind: string }) => kind);
  assert.deepEqual(await kinds(`${span}&kind=loss`), ["loss"]);
  assert.deepEqual(await kinds(`${span}&kind=loss&person=${eve}`), []);
  assert.deepEqual(await kinds(`from=${at(100)}&to=${at(130)}&kind=loss`), []);
});

Deno.test("columns for charts, one series a stream and end", async () => {
  await using api = await testApi();
  await measuredCall(api);
  const { series } = await api.get(`/rooms/${daily}/quality?from=${at(0)}&to=${at(130)}&speaker=${ada}`);
  assert.deepEqual(series.map(({ by }: { by: string }) => by).sort(), ["hearer", "speaker"]);
  for (const { speaker, time, bitrate } of series) {
    assert.deepEqual([speaker, time.length, bitrate.length], [ada, 10, 10]);
    assert.ok(bitrate.every((value: number) => value === 32_000));
  }
  const coarse = await api.get(
    `/rooms/${daily}/quality?from=${at(0)}&to=${at(130)}&speaker=${ada}&resolution=60`,
  );
  assert.ok(coarse.series.every(({ time }: { time: string[] }) => time.length < 4));
});

Deno.test("attendance: each stay with its cause, as JSON and as CSV that no spreadsheet runs", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  await storeAll(
    api.sql,
    outboxRun([
      roomRecord("occupant_joined", dailyRoom, at(30), { actor: eve, data: { userid: '=cmd("x")@y' } }),
      roomRecord("occupant_left", dailyRoom, at(40), { actor: eve, data: { cause: "kicked" } }),
    ], { first: 21 }),
  );
  const { stays } = await api.get(`/rooms/${daily}/attendance`);
  assert.equal(stays.length, 4);
  const { sessionid, seconds, cause, left } = stays.at(-1);
  assert.deepEqual([sessionid, seconds, cause, left], [eve, 10, "kicked", at(40)]);
  const response = await api.request(`/rooms/${daily}/attendance`, { headers: { accept: "text/csv" } });
  const lines = (await response.text()).trim().split("\r\n");
  assert.equal(lines.length, 5);
  assert.equal(lines.at(-1), `${eve},"'=cmd(""x"")@y",${at(30)},${at(40)},10,kicked,false`);
});

Deno.test("incidents: many who are gone at once are ours, one again and again is theirs", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const next = outboxRun([{ type: "epoch_started", time: at(50), data: {} }], { epoch: "2-0000000b" });
  await storeAll(api.sql, next);
  const { items, complete } = await api.get(`/incidents?from=${at(0)}&to=${at(60)}`);
  assert.equal(complete, true);
  assert.deepEqual(
    items.map(({ kind, whose, losses, begin }: Record<string, unknown>) => [kind, whose, losses, begin]),
    [["server_restarted", "ours", 2, at(50)]],
  );
  assert.deepEqual((await api.get(`/incidents?from=${at(0)}&to=${at(40)}`)).items, []);
});

Deno.test("search finds rooms and sessions by name, user and id, and by when they were", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const find = async (query: string) => {
    const { rooms, users } = await api.get(`/search?${query}`);
    return [rooms.length, users.length];
  };
  assert.deepEqual(await find("q=dail"), [2, 0]);
  assert.deepEqual(await find(`q=dail&at=${at(6)}`), [1, 0]);
  assert.deepEqual(await find(`q=${daily}`), [1, 0]);
  assert.deepEqual(await find("q=eve@"), [0, 1]);
  assert.deepEqual(await find(`q=${ada}`), [0, 1]);
  assert.deepEqual(await find("q=%25"), [0, 0]);
});

Deno.test("not_type leaves types out, in all three lists and all formats", async () => {
  await using api = await testApi();
  await measuredCall(api);
  for (const path of ["/events", `/rooms/${daily}/events`, `/users/${ada}/events`]) {
    const types = async (query: string): Promise<string[]> =>
      (await api.get(`${path}?limit=1000${query}`)).items.map(({ type }: { type: string }) => type);
    const all = await types("");
    const left = await types("&not_type=p2p_session_stats,occupant_joined");
    assert.deepEqual(left, all.filter((type) => type !== "p2p_session_stats" && type !== "occupant_joined"));
    assert.ok(left.length > 0 && left.length < all.length, path);
    assert.deepEqual(
      await types("&type=occupant_left&type=message_sent&not_type=message_sent"),
      all.filter((type) => type === "occupant_left"),
    );
    const response = await api.request(`${path}?not_type=p2p_session_stats`, {
      headers: { accept: "text/csv" },
    });
    assert.doesNotMatch(await response.text(), /p2p_session_stats/);
  }
});
