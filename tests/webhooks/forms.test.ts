import assert from "node:assert/strict";
import { escapeMattermost, escapeSlack } from "../../webhooks/chat.ts";
import { forms } from "../../webhooks/formats.ts";
import { until } from "../harness/wait.ts";
import { outboxRun, storeAll } from "../db/outbox.ts";
import { roomRecord } from "../events/history.ts";
import { ada, at, bob, call, daily, dailyRoom, eve, makeCall } from "../routes/a_call.ts";
import { assertProblem } from "../routes/problems.ts";
import { type Delivering, delivering } from "./delivering.ts";
import { type Received, startReceiver } from "./receiver.ts";

/** An API with a call, whose people are known as applications make them known. */
async function withCall(): Promise<Delivering> {
  const api = await delivering();
  await makeCall(api.sql);
  const claims = { displayName: "Ada <!channel> @all *x*", email: "ada@example.com" };
  await api.sql`update users set customer_data = ${
    JSON.stringify(claims)
  }::text::jsonb where sessionid = ${ada}`;
  const jitsi = { context: { user: { name: "Bob", email: "bob@example.com", id: "b-1" } } };
  await api.sql`update users set customer_data = ${
    JSON.stringify(jitsi)
  }::text::jsonb where sessionid = ${bob}`;
  return api;
}

const seconds = (second: number) => Date.UTC(2026, 0, 1, 12, 0, second) / 1000;

Deno.test("event_sync: Jitsi's four payloads, each at its path, as its receivers know them", async () => {
  await using receiver = await startReceiver();
  await using api = await withCall();
  let failed = false;
  const seen: [string, unknown][] = [];
  receiver.behave(({ body, headers }, _, request) => {
    assert.equal(headers["authorization"], "Bearer TOKEN-237958623045");
    // Once what it has been told fails there; it comes again, the same.
    if (!failed && request.url!.includes("/left")) {
      failed = true;
      return 500;
    }
    seen.push([request.url!, JSON.parse(body)]);
    return 200;
  });
  await api.manage("POST", "/webhooks", {
    ...{ url: `${receiver.url}/?key=1`, format: "event_sync", after: 0 },
    authorization: "Bearer TOKEN-237958623045",
  });
  await until("the call", () => seen.length >= 13);
  const adaIs = {
    ...{ name: "Ada <!channel> @all *x*", email: "ada@example.com" },
    occupant_jid: `${ada}@guests.talky.test/${ada}`,
  };
  const bobIs = {
    ...{ name: "Bob", email: "bob@example.com", id: "b-1" },
    occupant_jid: `${bob}@guests.talky.test/${bob}`,
  };
  const room = (name: string) => ({
    ...{ room_name: name, room_jid: `${name}@rooms.talky.test`, is_breakout: false },
  });
  const of = (event_name: string, path: string, payload: object) => [
    `/hook/events/${path}?key=1`,
    { event_name: `muc-${event_name}`, ...payload },
  ];
  const created = (name: string, at: number) =>
    of("room-created", "room/created", { ...room(name), created_at: seconds(at) });
  const joined = (name: string, active_occupants_count: number, occupant: object) =>
    of("occupant-joined", "occupant/joined", { ...room(name), active_occupants_count, occupant });
  const left = (name: string, active_occupants_count: number, occupant: object) =>
    of("occupant-left", "occupant/left", { ...room(name), active_occupants_count, occupant });
  const adaFirst = { ...adaIs, joined_at: seconds(2) };
  const eveIs = { id: "eve", occupant_jid: `eve@users.talky.test/${eve}`, joined_at: seconds(10) };
  const destroyed = (name: string, at: number, to: number, all_occupants: object[]) =>
    of("room-destroyed", "room/destroyed", {
      ...{ ...room(name), created_at: seconds(at), destroyed_at: seconds(to), all_occupants },
    });
  assert.deepEqual(seen, [
    created("daily", 2),
    joined("daily", 1, adaFirst),
    left("daily", 0, { ...adaFirst, left_at: seconds(3) }),
    destroyed("daily", 2, 3, [{ ...adaFirst, left_at: seconds(3) }]),
    created("daily", 4),
    joined("daily", 1, { ...adaIs, joined_at: seconds(4) }),
    joined("daily", 2, { ...bobIs, joined_at: seconds(5) }),
    left("daily", 1, { ...bobIs, joined_at: seconds(5), left_at: seconds(8) }),
    joined("daily", 2, { ...bobIs, joined_at: seconds(9) }),
    created("weekly", 10),
    joined("weekly", 1, eveIs),
    left("weekly", 0, { ...eveIs, left_at: seconds(11) }),
    destroyed("weekly", 10, 11, [{ ...eveIs, left_at: seconds(11) }]),
  ]);
  const failing = receiver.received.filter(({ body }, i, all) =>
    all.slice(0, i).some((other) => other.body === body)
  );
  assert.equal(failing.length, 1, "the one that failed came again as it was");
});

Deno.test("slack and mattermost: a line an event, names that call nobody and format nothing", async () => {
  await using api = await withCall();
  const told = async (format: string): Promise<string[]> => {
    await using receiver = await startReceiver();
    await api.manage("POST", "/webhooks", { url: receiver.url, format, after: 0 });
    const texts = () =>
      receiver.received.slice(1).flatMap(({ body }: Received) =>
        JSON.parse(body).text.split("\n") as string[]
      );
    await until("the call", () => texts().length >= 15);
    assert.match(JSON.parse(receiver.received[0]!.body).text, /^Talky /);
    return texts();
  };
  const slack = await told("slack");
  assert.deepEqual(slack.slice(0, 8), [
    "12:00:02 daily: the call began",
    "12:00:02 daily: Ada &lt;!channel&gt; @all *x* joined",
    "12:00:03 daily: Ada &lt;!channel&gt; @all *x* left",
    "12:00:03 daily: the call ended",
    "12:00:04 daily: the call began",
    "12:00:04 daily: Ada &lt;!channel&gt; @all *x* joined",
    "12:00:05 daily: Bob joined",
    "12:00:06 daily: Ada &lt;!channel&gt; @all *x* is connected to Bob",
  ]);
  assert.equal(
    slack.find((line) => line.includes("weekly") && line.includes("joined")),
    "12:00:10 weekly: eve joined",
  );
  const mattermost = await told("mattermost");
  assert.equal(mattermost[1], "12:00:02 daily: Ada \\<\\!channel\\> @\u200ball \\*x\\* joined");
  assert.equal(escapeSlack("a & <b>"), "a &amp; &lt;b&gt;");
  assert.equal(escapeMattermost("[a](b) `c` @here"), "\\[a\\]\\(b\\) \\`c\\` @\u200bhere");
});

Deno.test("a text fits into a channel, whatever rooms and people are called", async () => {
  const long = "\u{1f600}&<*".repeat(500);
  const id = crypto.randomUUID();
  const names = () =>
    Promise.resolve({
      rooms: new Map([[id, { name: long, jid: "a@b", created: "" }]]),
      people: new Map([[id, { userid: "a@b", customerData: { name: long } }]]),
    });
  for (const [format, most] of [["slack", 40_000], ["mattermost", 16_383]] as const) {
    const events = Array.from({ length: forms[format].most }, (_, i) => ({
      ...{ id: i + 1, type: "p2p_session_started", room_id: id, room_node: null },
      json: JSON.stringify({
        ...{ id: i + 1, type: "p2p_session_started", room_id: id, actor_id: id, peer_id: id },
        ...{ time: "2026-01-01T00:00:00.000Z", data: {} },
      }),
    }));
    const log = { readAfter: () => Promise.resolve([]) };
    const delivery = await forms[format].batch({ id: "x", generation: "x", events }, {
      ...{ log, names, issues: () => Promise.resolve({ issues: [], complete: true }) },
    });
    const { text } = JSON.parse(delivery!.body);
    assert.equal(text.split("\n").length, forms[format].most);
    assert.ok(text.length <= most, `${format}: ${text.length}`);
  }
});

Deno.test("a form that tells of none of the types that are wanted is refused", async () => {
  await using api = await delivering({ options: null });
  const wanted = { url: "https://example.com/", format: "event_sync", types: ["audio_paused"] };
  await assertProblem(await api.ask("POST", "/webhooks", wanted), "invalid_request");
  await assertProblem(await api.ask("POST", "/webhooks", { ...wanted, format: "fax" }), "invalid_request");
  for (const authorization of ["", "a\nb", "ä", " x"]) {
    await assertProblem(
      await api.ask("POST", "/webhooks", { url: "https://example.com/", authorization }),
      "invalid_request",
    );
  }
});

Deno.test("issues: what was wrong with a call, when it has ended; of a good call nothing", async () => {
  await using receiver = await startReceiver();
  await using api = await withCall();
  const { id } = await api.manage("POST", "/webhooks", { url: receiver.url, format: "issues", after: 0 });
  // Bob has left and come back within seconds; the two calls before were well.
  await storeAll(
    api.sql,
    outboxRun([roomRecord("room_destroyed", dailyRoom, at(200))], { first: call.length + 1 }),
  );
  const last = await api.ids().then((ids) => ids.at(-1)!);
  await until("all is passed", async () => (await api.manage("GET", `/webhooks/${id}`)).cursor === last);
  const reports = receiver.received.map(({ body }) => JSON.parse(body)).filter(({ type }) =>
    type === "issues"
  );
  assert.equal(reports.length, 1);
  const [{ room, issues, complete }] = reports;
  assert.deepEqual([room.id, room.created, room.ended, complete], [daily, at(4), at(200), true]);
  const { items } = await api.get(`/rooms/${daily}/issues?from=${at(0)}&to=${at(201)}`);
  assert.ok(items.length > 0);
  assert.deepEqual(issues, items);
});
