import assert from "node:assert/strict";
import { z } from "zod";
import { Occupant, Room, RoomDetail } from "../../routes/resources.ts";
import { messageReferences } from "../../events/event.ts";
import { outboxRun, storeAll } from "../db/outbox.ts";
import { roomRecord } from "../events/history.ts";
import { ada, at, before, bob, call, daily, dailyRoom, makeCall, weekly } from "./a_call.ts";
import { testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

const ids = (page: { items: { id: string }[] }) => page.items.map(({ id }) => id);

Deno.test("rooms, newest first, and by each filter", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const all = await api.get("/rooms");
  assert.deepEqual(
    z.strictObject({ items: z.array(Room.strict()), next: z.null(), generation: z.uuid() }).parse(all),
    all,
  );
  assert.deepEqual(all.items[1], {
    id: daily,
    name: "daily",
    jid: "daily@rooms.talky.test",
    created: at(4),
    ended: null,
  });
  const expected: Record<string, string[]> = {
    "": [weekly, daily, before],
    "active=true": [daily],
    "active=false": [weekly, before],
    "name=daily": [daily, before],
    "name=daily&active=false": [before],
    "name=dail": [],
    [`from=${at(4)}`]: [weekly, daily],
    [`to=${at(4)}`]: [before],
    [`from=${at(3)}&to=${at(10)}`]: [daily],
  };
  for (const [query, rooms] of Object.entries(expected)) {
    assert.deepEqual(ids(await api.get(`/rooms?${query}`)), rooms, query);
  }
});

Deno.test("a room shows who is in it now, and its totals", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const room = await api.get(`/rooms/${daily}`);
  assert.deepEqual(RoomDetail.strict().parse(room), room);
  const here = (sessionid: string, joined: string) => ({
    room_id: daily,
    sessionid,
    userid: `${sessionid}@guests.talky.test`,
    joined,
    left: null,
  });
  assert.deepEqual(room.occupants, [here(ada, at(4)), here(bob, at(9))]);
  assert.deepEqual(room.totals, { occupants: 2, events: 7, messages: 1 });
  const over = await api.get(`/rooms/${weekly}`);
  assert.deepEqual([over.occupants, over.ended], [[], at(11)]);
  assert.equal((await api.get(`/rooms/${daily.toUpperCase()}`)).id, daily);
});

Deno.test("totals count messages, not what is said of earlier ones", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const said = [
    ...messageReferences.map((field) => ({ length: 5, [field]: "m1" })),
    { length: 5, encrypted: "urn:xmpp:omemo:2" },
    { length: 5 },
  ];
  const more = said.map((data) => roomRecord("message_sent", dailyRoom, at(9), { actor: bob, data }));
  await storeAll(api.sql, outboxRun(more, { first: call.length + 1 }));
  const { totals } = await api.get(`/rooms/${daily}`);
  assert.deepEqual([totals.events, totals.messages], [7 + said.length, 1 + 2]);
});

Deno.test("the stays in a room, in order of joining, present or not", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const stays = async (query: string) => {
    const { items } = await api.get(`/rooms/${daily}/occupants?${query}`);
    assert.deepEqual(z.array(Occupant.strict()).parse(items), items);
    return items.map(({ sessionid, joined, left }: z.infer<typeof Occupant>) => [sessionid, joined, left]);
  };
  const all = [[ada, at(4), null], [bob, at(5), at(8)], [bob, at(9), null]];
  assert.deepEqual(await stays(""), all);
  assert.deepEqual(await stays("present=true"), [all[0], all[2]]);
  assert.deepEqual(await stays("present=false"), [all[1]]);
});

Deno.test("rooms that are not there, and queries that make no sense", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const unknown = crypto.randomUUID();
  for (const path of ["", "/events", "/occupants", "/state"]) {
    await assertProblem(await api.request(`/rooms/${unknown}${path}`), "room_not_found");
    await assertProblem(await api.request(`/rooms/daily${path}`), "invalid_request");
  }
  const wrong = [
    "limit=0",
    "limit=1001",
    "limit=ten",
    "active=maybe",
    "from=yesterday",
    "to=2026-01-01",
    "cursor=xyz",
    "colour=red",
    "limit=1&limit=2",
  ];
  for (const query of wrong) {
    const detail = await assertProblem(await api.request(`/rooms?${query}`), "invalid_request");
    assert.match(detail, new RegExp(query.split("=")[0]!), "it says which parameter");
  }
});

Deno.test("what no database can hold is the client's mistake, not the service's failure", async () => {
  await using api = await testApi();
  const year0 = "0000-01-01T00:00:00Z";
  const cursor = btoa(`${year0} ${daily}`).replace(/=+$/, "");
  for (
    const path of [
      "/rooms?name=%00",
      "/users?userid=a%00b",
      `/rooms?from=${year0}`,
      `/events?to=${year0}`,
      `/rooms?cursor=${cursor}`,
    ]
  ) {
    await assertProblem(await api.request(path), "invalid_request");
  }
});
