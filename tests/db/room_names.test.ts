import assert from "node:assert/strict";
import { rebuild } from "../../db/rebuild.ts";
import { forgetRoomNames, keepRoomName } from "../../db/room_names.ts";
import type { RoomRecord } from "../../events/record.ts";
import { roomNode } from "../../events/room_name.ts";
import { testDatabase } from "../harness/database.ts";
import { outboxRun, readLog, storeAll } from "./outbox.ts";

const [ada, bob] = [crypto.randomUUID(), crypto.randomUUID()] as const;

/** The first record of a room, as Prosody sends it. */
function created(node: string, actor: string): RoomRecord {
  const room = { id: crypto.randomUUID(), jid: `${node}@rooms.talky.test` };
  return { type: "room_created", time: "2026-01-01T12:00:00.000Z", room, actor, data: { name: node } };
}

Deno.test("a room is called what its creator wrote, in its row and in the log, and rebuilt", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const node = roomNode("Team 🚀");
  await keepRoomName(sql, { sessionid: ada, node, name: "TEAM 🚀" });
  await keepRoomName(sql, { sessionid: ada, node, name: "Team 🚀" });
  await keepRoomName(sql, { sessionid: bob, node, name: "team  🚀" });
  await storeAll(
    sql,
    outboxRun([created(node, ada), created(node, crypto.randomUUID()), created("daily", ada)]),
  );

  const expected = ["Team 🚀", "team 🚀", "daily"];
  const names = async () =>
    (await sql`select name from rooms r join events e on e.room_id = r.id order by e.id`).map(({ name }) =>
      name
    );
  assert.deepEqual((await readLog(sql)).map(({ data }) => (data as { name: string }).name), expected);
  assert.deepEqual(await names(), expected);
  const { corrections } = await rebuild(sql);
  assert.deepEqual(corrections, { rooms: 0, occupants: 0 });
  assert.deepEqual(await names(), expected);
});

Deno.test("what a session wrote is kept while the session lasts, and no more than its latest hundred", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  for (const sessionid of [ada, bob]) {
    await sql`
      insert into users (sessionid, userid, type, os, browser, useragent, created)
      values (${sessionid}, 'x@guests.talky.test', 'browser', '', '', '', now())`;
  }
  const write = async (sessionid: string, name: string) => {
    // Two of the same millisecond are equally old.
    await sql`update room_names set asked = asked - interval '1 second'`;
    await keepRoomName(sql, { sessionid, node: roomNode(name), name });
  };
  for (let n = 0; n < 150; n++) await write(ada, `Room ${n}`);
  await write(ada, "room");
  await write(bob, "Room");
  const kept = async () =>
    (await sql`select sessionid, name from room_names order by asked`).map(({ sessionid, name }) =>
      `${sessionid === ada ? "ada" : "bob"} ${name}`
    );
  const latest = Array.from({ length: 100 }, (_, n) => `ada Room ${50 + n}`);
  assert.deepEqual(
    new Set(await kept()),
    new Set([...latest, "bob Room"]),
    "what the node tells is not kept",
  );
  await sql`update users set ended = now() where sessionid = ${ada}`;
  await forgetRoomNames(sql);
  assert.deepEqual(await kept(), ["bob Room"]);
});
