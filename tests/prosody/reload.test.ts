import { xml } from "@xmpp/client";
import assert from "node:assert/strict";
import { modulesDir } from "../../local/prosody_layout.ts";
import { type TestProsody, testProsody } from "../harness/prosody.ts";
import { shell, withShell } from "../harness/prosodyctl.ts";
import { type ProsodyRelease, prosodyTest } from "../harness/prosody_releases.ts";
import { until } from "../harness/wait.ts";
import { joined, scenario, started } from "./scenario.ts";
import { ask, content, enter, leave, say } from "./stanzas.ts";
import { hosts, ingest, join, Subscriber } from "./xmpp.ts";

const start = (release: ProsodyRelease) => testProsody({ source: "node-a", ...withShell }, release);

const reload = (prosody: TestProsody, release: ProsodyRelease, ...what: string[]) =>
  shell(prosody, ["module", "reload", ...what], release);

prosodyTest("a reloaded outbox goes on with its epoch and its subscriber", async (release) => {
  await using prosody = await start(release);
  const api = new Subscriber(await ingest(prosody, "api"));
  await api.subscribe();
  await until("the first record", () => api.records.length === 1);
  // By name, as one does; the module alone; one host's part alone.
  for (const where of [[], ["*"], [hosts.guests], [hosts.rooms]]) {
    const before = api.records.length;
    assert.match(await reload(prosody, release, "talky_outbox", ...where), /Reloaded on/);
    await join(prosody, "a");
    await until("its record", () => api.records.length > before);
  }
  // What was sent and not acknowledged when the module went is sent again.
  api.answer = "none";
  await join(prosody, "b");
  await until("a batch", () => api.batches.at(-1)!.attrs.last === "6");
  api.answer = "result";
  await reload(prosody, release, "talky_outbox");
  await join(prosody, "c");
  await until("all records", () => api.records.length === 7);
  assert.deepEqual(api.records.map(({ type }) => type), [
    "epoch_started",
    ...Array(6).fill("session_started"),
  ]);
  const [epoch] = api.places[0]!.split(" ");
  assert.deepEqual(api.places, [1, 2, 3, 4, 5, 6, 7].map((seq) => `${epoch} ${seq}`));
  await until("nothing to wait for an acknowledgement", async () => await api.pending() === 0);
  // One subscriber, in its place, which goes when its session does.
  const second = new Subscriber(await ingest(prosody, "second"));
  await second.subscribe();
  api.session.drop();
  await join(prosody, "d");
  await until("the turn of the second", () => second.records.length === 1);
});

prosodyTest("reloads in the middle of everything lose and double nothing", async (release) => {
  await using prosody = await start(release);
  const api = new Subscriber(await ingest(prosody, "api"));
  await api.subscribe(2);
  const joining = (async () => {
    for (let n = 0; n < 60; n++) await (await join(prosody, `n${n}`)).close();
  })();
  let over = false;
  joining.finally(() => over = true);
  let reloads = 0;
  while (!over) {
    await reload(prosody, release, "talky_outbox", ...reloads++ % 2 ? ["*"] : []);
  }
  await joining;
  await until("all records", async () => await api.pending() === 0);
  // Those that were under way come again under the same numbers, as after a refusal.
  const places = [...new Set(api.places)];
  assert.deepEqual(places.map((place) => Number(place.split(" ")[1])), Array.from(places, (_, i) => i + 1));
  assert.equal(places.length, 121);
  assert.equal(api.records.filter(({ type }) => type === "epoch_started").length, 1);
});

prosodyTest("a module that is loaded again after it was unloaded finds its outbox", async (release) => {
  await using prosody = await start(release);
  const api = new Subscriber(await ingest(prosody, "api"));
  await api.subscribe();
  await until("the first record", () => api.records.length === 1);
  const [epoch] = api.places[0]!.split(" ");
  for (
    const what of [
      ["unload", "talky_outbox"],
      ["load", "talky_sessions", hosts.guests],
      ["load", "talky_capture", hosts.rooms],
    ]
  ) await shell(prosody, ["module", ...what], release);
  await join(prosody, "a");
  // It goes on, or begins anew: in either case the API gets all when it subscribes.
  await api.subscribe(4, xml("position", { source: "node-a", epoch, seq: "1" }));
  await until("the session", () => api.records.at(-1)?.type === "session_started");
});

scenario("an operator reloads every module in the middle of a call, and nobody notices", async (stage) => {
  const { prosody, release, expect } = stage;
  const [a, b] = await stage.people("A", "B");
  await enter(a);
  await enter(b);
  await ask(a, b, "session-initiate", "s1", content("video"));
  await ask(b, a, "session-accept", "s1");
  await expect(
    ...[started("A"), started("B"), 'room_created A {"name":"daily"}', joined("A", "owner"), joined("B")],
    'p2p_session_started A B {"media":["video"],"sid":"s1"}',
  );
  const files = [...Deno.readDirSync(modulesDir)].map(({ name }) => /^mod_(.*)\.lua$/.exec(name)?.[1]);
  for (const name of [...files.filter((name) => name !== undefined), "muc"]) {
    assert.match(await reload(prosody, release, name), /Reloaded on/, name);
    await say(b, xml("body", {}, name));
    await expect(`message_sent B {"length":${name.length}}`);
  }
  await leave(b);
  await expect(
    'p2p_session_ended B A {"reason":"left","sid":"s1"}',
    'occupant_left B {"cause":"left","reason":"bye"}',
  );
  await leave(a);
  await expect('occupant_left A {"cause":"left","reason":"bye"}', "room_destroyed");
}, withShell);
