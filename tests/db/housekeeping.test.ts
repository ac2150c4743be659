import assert from "node:assert/strict";
import { readCompany } from "../../db/presence.ts";
import { ageRejected } from "../../db/rejected.ts";
import { addUser, deleteUnusedSessions } from "../../db/users.ts";
import { testDatabase } from "../harness/database.ts";

const device = { type: "browser", os: "", browser: "", useragent: "" } as const;

Deno.test("sessions that were never used are deleted, those with customerData at their end", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const add = async (
    created: string,
    options: { lifetime?: number; said?: boolean; used?: boolean } = {},
  ) => {
    const sessionid = crypto.randomUUID();
    await addUser(sql, {
      ...device,
      sessionid,
      userid: "guest@guests.talky.test",
      lifetime: options.lifetime ?? 86_400,
      customerData: options.said ? { name: "Ada" } : {},
    });
    await sql`update users set created = now() - ${created}::interval,
      source = ${options.used ? "node" : null} where sessionid = ${sessionid}`;
    return sessionid;
  };
  const kept = [
    await add("59 minutes"),
    await add("2 hours", { said: true }),
    await add("2 hours", { used: true }),
  ];
  for (let i = 0; i < 5; i++) await add("2 hours");
  await add("2 hours", { said: true, lifetime: -1 });
  assert.equal(await deleteUnusedSessions(sql), 6);
  const left = await sql<{ sessionid: string }[]>`select sessionid from users`;
  assert.deepEqual(new Set(left.map(({ sessionid }) => sessionid)), new Set(kept));
});

Deno.test("refused telemetry ages, a stranger's sooner; what an outbox sent stays", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const add = (origin: string, code: string, age: string) =>
    sql`insert into rejected (origin, origin_ref, code, message, record, time)
      values (${origin}, 'x', ${code}, ${age}, '{}', now() - ${age}::interval)`;
  for (const age of ["1 hour", "2 days", "31 days"]) {
    await add("outbox", "unknown_room", age);
    await add("telemetry", "unknown_room", age);
    await add("telemetry", "invalid_item", age);
  }
  await ageRejected(sql);
  const left = await sql<{ text: string }[]>`
    select origin || ' ' || code || ' ' || message as text from rejected order by id`;
  assert.deepEqual(left.map(({ text }) => text), [
    "outbox unknown_room 1 hour",
    "telemetry unknown_room 1 hour",
    "telemetry invalid_item 1 hour",
    "outbox unknown_room 2 days",
    "telemetry invalid_item 2 days",
    "outbox unknown_room 31 days",
  ]);
});

Deno.test("company is who was there at the same time, however often they came and went", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const [room, me, before, beside, after, back] = Array.from({ length: 6 }, () => crypto.randomUUID());
  await sql`insert into rooms (id, name, jid, created) values (${room!}, 'a', 'a@rooms', '2026-01-01')`;
  const stay = (sessionid: string, from: number, to: number | null) =>
    sql`insert into occupants (room_id, sessionid, userid, joined, "left")
      values (${room!}, ${sessionid}, 'u', ${at(from)}, ${to === null ? null : at(to)})`;
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
  await stay(me!, 10, 20);
  await stay(before!, 1, 9);
  await stay(beside!, 5, 12);
  await stay(after!, 21, null);
  await stay(back!, 1, 2);
  await stay(back!, 19, null);
  const company = await readCompany(sql, me!, [room!]);
  assert.deepEqual(company.get(room!), new Set([me, beside, back]));
  assert.equal((await readCompany(sql, crypto.randomUUID(), [room!])).size, 0);
});
