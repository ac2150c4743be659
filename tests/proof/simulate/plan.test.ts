/**
 * The pure parts of the simulation: its plans, its ground truth, its arguments.
 *
 * @module
 */
import assert from "node:assert/strict";
import { eventTypes } from "../../../events/event.ts";
import type { Action } from "../../../proof/simulate/action.ts";
import { ArgumentError, readArguments } from "../../../proof/simulate/options.ts";
import { planRoom } from "../../../proof/simulate/plan.ts";
import { Random } from "../../../proof/simulate/random.ts";
import { type Effect, RoomModel } from "../../../proof/simulate/room_model.ts";

const seeds = Array.from({ length: 100 }, (_, index) => `seed ${index}`);
const plan = (seed: string, people: number) => planRoom(new Random(seed), people);

/** What a list of actions causes, a line for each event: type, who by number, data. */
function truth(actions: readonly Action[]): string[] {
  const model = new RoomModel("daily");
  return actions.flatMap((action) => model.apply(action)).map(line);
}

function line({ type, actor, peer, data }: Effect): string {
  const text = JSON.stringify(data);
  return [type, actor, peer, text === "{}" ? undefined : text].filter((part) => part !== undefined).join(" ");
}

Deno.test("the same seed plans the same room, another seed another one", () => {
  assert.deepEqual(plan("a", 4), plan("a", 4));
  assert.notDeepEqual(plan("a", 4), plan("b", 4));
});

Deno.test("a plan's course does not hang on the platform", () => {
  const random = new Random("a");
  assert.deepEqual(Array.from({ length: 5 }, () => random.below(1000)), [621, 308, 366, 595, 890]);
});

Deno.test("a room with company sees all seventeen types, and everybody leaves it", () => {
  const expected = eventTypes.filter((type) => type !== "p2p_session_stats").sort();
  for (const seed of seeds) {
    for (const people of [2, 3, 6]) {
      const model = new RoomModel("daily");
      const effects = plan(seed, people).flatMap((action) => model.apply(action));
      assert.deepEqual([...new Set(effects.map(({ type }) => type))].sort(), expected, `${seed}, ${people}`);
      assert.deepEqual(model.present, []);
      assert.equal(effects.at(0)?.type, "room_created");
      assert.equal(effects.at(-1)?.type, "room_destroyed");
    }
  }
});

Deno.test("what begins ends, and nothing ends that has not begun", () => {
  const pairs = {
    occupant_joined: "occupant_left",
    rtt_enabled: "rtt_disabled",
    screencapture_started: "screencapture_ended",
    p2p_session_started: "p2p_session_ended",
  } as const;
  for (const seed of seeds) {
    const open = new Set<string>();
    const model = new RoomModel("daily");
    for (const { type, actor, data } of plan(seed, 5).flatMap((action) => model.apply(action))) {
      for (const [begin, end] of Object.entries(pairs)) {
        const key = `${begin} ${data["sid"] ?? data["screen"] ?? actor}`;
        if (type === begin) assert.ok(!open.has(key), `${seed}: ${key} again`), open.add(key);
        if (type === end) assert.ok(open.delete(key), `${seed}: ${type} without ${key}`);
      }
    }
    assert.deepEqual([...open], [], seed);
  }
});

Deno.test("somebody alone does what one can do alone", () => {
  const types = new Set(truth(plan("a", 1)).map((text) => text.split(" ")[0]));
  assert.deepEqual([...types].sort(), [
    "message_sent",
    "occupant_joined",
    "occupant_left",
    "room_created",
    "room_destroyed",
    "room_locked",
    "room_unlocked",
    "rtt_disabled",
    "rtt_enabled",
  ]);
});

Deno.test("people leave in every way", () => {
  const ways = new Set(
    seeds.flatMap((seed) => plan(seed, 3).flatMap((action) => action.do === "go" ? [action.way] : [])),
  );
  assert.deepEqual([...ways].sort(), ["banned", "destroy", "drop", "leave", "logout", "vanish"]);
});

Deno.test("what is said twice happens once", () => {
  assert.deepEqual(
    truth([
      { do: "join", who: 0, password: "hush" },
      { do: "lock", who: 0, password: "hush hush" },
      { do: "lock", who: 0 },
      { do: "lock", who: 0 },
      { do: "say", who: 0 },
      { do: "say", who: 0, text: "👋🏽!" },
      { do: "type", who: 0, event: "edit" },
      { do: "type", who: 0, event: "init" },
      { do: "type", who: 0, event: "cancel" },
      { do: "type", who: 0, event: "cancel" },
      { do: "pause", who: 0, medium: "audio" },
    ]),
    [
      'room_created 0 {"name":"daily"}',
      'occupant_joined 0 {"role":"moderator","affiliation":"owner"}',
      "room_locked 0",
      "room_unlocked 0",
      'message_sent 0 {"length":3}',
      "rtt_enabled 0",
      "rtt_disabled 0",
    ],
  );
});

Deno.test("leaving ends what one had open, and the screen that nobody else sees", () => {
  const call = { do: "call", answered: true } as const;
  const events = truth([
    { do: "join", who: 0 },
    { do: "join", who: 1 },
    { ...call, who: 0, peer: 1, sid: "a" },
    { ...call, who: 1, peer: 0, sid: "b", answered: false },
    { ...call, who: 0, peer: 1, sid: "c", screen: "mine" },
    { ...call, who: 1, peer: 0, sid: "d", screen: "yours" },
    { do: "type", who: 1, event: "init" },
    { do: "go", who: 1, way: "vanish" },
    { do: "go", who: 0, way: "destroy" },
  ]);
  assert.deepEqual(events.slice(events.indexOf("rtt_enabled 1") + 1), [
    "rtt_disabled 1",
    'screencapture_ended 1 {"screen":"yours"}',
    'p2p_session_ended 1 0 {"sid":"a","reason":"left"}',
    'p2p_session_ended 1 0 {"sid":"c","reason":"left"}',
    'screencapture_ended 0 {"screen":"mine"}',
    'p2p_session_ended 1 0 {"sid":"d","reason":"left"}',
    'occupant_left 1 {"cause":"disconnected"}',
    'occupant_left 0 {"cause":"destroyed"}',
    "room_destroyed",
  ]);
});

Deno.test("arguments have defaults", () => {
  const { seed, ...rest } = readArguments([], "http://localhost:8001");
  assert.match(seed, /^[0-9a-f]{8}$/);
  assert.deepEqual(rest, {
    rooms: 3,
    people: 3,
    minutes: 0,
    pace: 0,
    url: "http://localhost:8001",
    json: false,
  });
  assert.equal(readArguments(["--minutes", "0.5"], "http://localhost:8001").pace, 250);
});

Deno.test("a wrong argument is named, with what it got and what it takes", () => {
  const wrong: [string[], RegExp][] = [
    [["--rooms", "x"], /^--rooms is wrong: got "x"; it takes a whole number from 1 to 1000$/],
    [["--people", "0"], /^--people is wrong: got "0"; it takes a whole number/],
    [["--minutes=-1"], /^--minutes is wrong: got "-1"; it takes a number/],
    [["--seed", "a b"], /^--seed is wrong: got "a b"; it takes 1 to 40 letters/],
    [["--url", "ws://x"], /^--url is wrong: got "ws:\/\/x"; it takes a URL/],
    [["--nope"], /^Unknown option '--nope' \(takes --rooms N/],
    [["--minutes", "-1"], /^[^\n]+ \(takes --rooms N[^\n]+$/],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => readArguments(args, "http://localhost:8001"), (error) => {
      assert.ok(error instanceof ArgumentError);
      assert.match(error.message, message);
      return true;
    });
  }
});
