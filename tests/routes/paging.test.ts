import assert from "node:assert/strict";
import { outboxRun, storeAll } from "../db/outbox.ts";
import { roomRecord, uuid } from "../events/history.ts";
import { type Api, testApi } from "./api.ts";

/** Follows `next` to the end, while `meanwhile` goes on. */
async function pages(api: Api, path: string, cursor: string, meanwhile: () => Promise<void>) {
  const items: Record<string, unknown>[] = [];
  let next: string | number | null = null;
  do {
    const page: { items: Record<string, unknown>[]; next: typeof next } = await api.get(
      `${path}&limit=7${next === null ? "" : `&${cursor}=${encodeURIComponent(next)}`}`,
    );
    assert.ok(page.items.length === 7 || page.next === null, "only the last page is short");
    items.push(...page.items);
    next = page.next;
    await meanwhile();
  } while (next !== null && items.length < 1000);
  return items;
}

/** So many rooms with sessions, many of them at the same moment, newer than all before. */
function people(api: Api) {
  let n = 0;
  let first = 1;
  return async (count: number) => {
    const records = Array.from({ length: count }, () => {
      n++;
      const time = new Date(Date.UTC(2026, 0, 1) + Math.floor(n / 5)).toISOString();
      const actor = uuid(1, (n * 7919) % 1000003);
      const room = { id: uuid(2, (n * 7919) % 1000003), jid: "daily@rooms.talky.test" };
      const userid = "ada@users.talky.test";
      return [
        { type: "session_started", time, actor, data: { userid } } as const,
        roomRecord("room_created", room, time, { actor, data: { name: "daily" } }),
        roomRecord("occupant_joined", { id: uuid(3, 1), jid: "hall@rooms.talky.test" }, time, {
          actor,
          data: { userid },
        }),
      ];
    }).flat();
    await storeAll(api.sql, outboxRun(records, { first }));
    first += records.length;
  };
}

const lists: Record<
  string,
  { path: string; cursor: string; key: (item: Record<string, unknown>) => unknown }
> = {
  rooms: { path: "/rooms?active=true", cursor: "cursor", key: ({ id }) => id },
  users: { path: "/users?active=true", cursor: "cursor", key: ({ sessionid }) => sessionid },
  occupants: {
    path: `/rooms/${uuid(3, 1)}/occupants?present=true`,
    cursor: "cursor",
    key: ({ sessionid, joined }) => `${sessionid} ${joined}`,
  },
  "events, oldest first": { path: "/events?order=asc", cursor: "after", key: ({ id }) => id },
  "events, newest first": { path: "/events?order=desc", cursor: "before", key: ({ id }) => id },
};
for (const [what, { path, cursor, key }] of Object.entries(lists)) {
  Deno.test(`paging through ${what} while more come: each that was there, once`, async () => {
    await using api = await testApi();
    await api.sql`truncate rooms cascade`;
    const add = people(api);
    await add(60);
    const there = (await api.get(`${path}&limit=1000`)).items.map(key);
    assert.ok(there.length >= 60);
    let rounds = 0;
    const seen = (await pages(api, path, cursor, async () => {
      if (rounds++ < 6) await add(3);
    })).map(key);
    assert.equal(new Set(seen).size, seen.length, "none twice");
    assert.deepEqual(seen.filter((one) => there.includes(one)), there, "all of them, in order");
  });
}

Deno.test("a page that ends exactly at the end says so", async () => {
  await using api = await testApi();
  await api.sql`truncate rooms cascade`;
  await people(api)(7);
  for (const path of ["/users?limit=7", "/users?limit=8", "/events?limit=14", "/rooms?limit=8"]) {
    assert.equal((await api.get(path)).next, null, path);
  }
  assert.notEqual((await api.get("/users?limit=6")).next, null);
});
