import assert from "node:assert/strict";
import { z } from "zod";
import { Event } from "../../routes/resources.ts";
import { ada, at, bob, call, daily, makeCall, weekly } from "./a_call.ts";
import { testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

type Shown = z.infer<typeof Event>;

/** The call's events as the API shows them. */
const shown = call.filter((record) => "room" in record).map((record, i): Shown => ({
  id: i + 1,
  type: record.type,
  room_id: record.room.id,
  actor_id: record.actor ?? null,
  peer_id: record.peer ?? null,
  time: record.time,
  data: record.data,
}));

Deno.test("the history, and by each filter", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const all = await api.get("/events");
  assert.deepEqual(
    z.strictObject({ items: z.array(Event.strict()), next: z.null(), generation: z.uuid() }).parse(all),
    all,
  );
  assert.deepEqual(all.items, shown);
  const expected: Record<string, (event: Shown) => boolean> = {
    "after=5": ({ id }) => id > 5,
    "before=5": ({ id }) => id < 5,
    "after=3&before=6": ({ id }) => id > 3 && id < 6,
    "type=room_created": ({ type }) => type === "room_created",
    "type=room_created&type=room_destroyed": ({ type }) => /^room_(created|destroyed)$/.test(type),
    [`room=${daily}`]: ({ room_id }) => room_id === daily,
    [`actor=${bob}`]: ({ actor_id }) => actor_id === bob,
    [`peer=${bob}`]: ({ peer_id }) => peer_id === bob,
    [`room=${weekly}&actor=${ada}`]: ({ room_id, actor_id }) => room_id === weekly && actor_id === ada,
    [`from=${at(4)}&to=${at(6)}`]: ({ time }) => time >= at(4) && time < at(6),
    [`from=${encodeURIComponent("2026-01-01T13:00:04+01:00")}`]: ({ time }) => time >= at(4),
  };
  for (const [query, wanted] of Object.entries(expected)) {
    assert.deepEqual((await api.get(`/events?${query}`)).items, shown.filter(wanted), query);
    const newestFirst = (await api.get(`/events?order=desc&${query}`)).items;
    assert.deepEqual(newestFirst, shown.filter(wanted).reverse(), `${query}, descending`);
  }
  const room = (await api.get(`/rooms/${daily}/events?type=message_sent`)).items;
  assert.deepEqual(room, shown.filter(({ type, room_id }) => type === "message_sent" && room_id === daily));
});

Deno.test("as NDJSON and as CSV: the same events", async () => {
  await using api = await testApi({ events: 2500 });
  const lines = async (accept: string, query = "") => {
    const response = await api.request(`/events?${query}`, { headers: { accept } });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type")!, new RegExp(`^${accept}`));
    return (await response.text()).trimEnd().split(/\r?\n/);
  };
  const json = await lines("application/x-ndjson");
  assert.equal(json.length, 2500, "all of them, whatever the size of a page");
  assert.deepEqual(
    json.slice(0, 1000).map((line) => JSON.parse(line)),
    (await api.get("/events?limit=1000")).items,
  );
  assert.deepEqual(await lines("application/x-ndjson", "after=10&limit=3"), json.slice(10, 13));

  const [header, ...rows] = await lines("text/csv", "type=rtt_enabled");
  assert.equal(header, "id,type,room_id,actor_id,peer_id,time,data");
  const events = json.map((line): Shown => JSON.parse(line)).filter(({ type }) => type === "rtt_enabled");
  assert.deepEqual(
    rows.map((row) => row.replace(/, ?"(?={)/, ',"')),
    events.map(({ id, type, room_id, time, data }) =>
      `${id},${type},${room_id ?? ""},,,${time},"${
        JSON.stringify(data).replaceAll(":", ": ").replaceAll('"', '""')
      }"`
    ),
  );
});

Deno.test("queries that make no sense", async () => {
  await using api = await testApi();
  const wrong = [
    "after=x",
    "after=-1",
    "before=1.5",
    "type=room_painted",
    "room=daily",
    "actor=ada",
    "order=up",
    "limit=0",
    "limit=1001",
    "from=x",
    "sort=id",
    "after=9007199254740993",
  ];
  for (const query of wrong) {
    const detail = await assertProblem(await api.request(`/events?${query}`), "invalid_request");
    assert.match(detail, new RegExp(query.split("=")[0]!), "it says which parameter");
  }
});
