/**
 * Limited keys see what they would see if nothing else were there: each of the document's GET operations, asked with
 * a limited key, returns what an unlimited one gets from a database that has only that part.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Sql } from "../../db/connect.ts";
import { type EventType, eventTypes } from "../../events/event.ts";
import type { View } from "../../events/view.ts";
import { uuid } from "../events/history.ts";
import { until } from "../harness/wait.ts";
import { openEventStream, openWebSocket } from "../stream/web_client.ts";
import { type Api, testApi } from "./api.ts";

/** Two lives of one name, and two other rooms. */
const rooms = [
  { id: uuid(21, 0), node: "daily", ended: true },
  { id: uuid(21, 1), node: "daily", ended: false },
  { id: uuid(21, 2), node: "weekly", ended: false },
  { id: uuid(21, 3), node: "other", ended: true },
] as const;
const sessions = Array.from({ length: 7 }, (_, i) => uuid(22, i));
const start = Date.parse("2026-01-02T00:00:00Z");
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();

const views: readonly View[] = [
  { rooms: ["daily"] },
  { rooms: [rooms[0].id] },
  { rooms: [rooms[1].id, "other"] },
  { rooms: ["nowhere"] },
  { types: ["message_sent"] },
  { types: ["occupant_joined", "occupant_left"] },
  { rooms: ["daily"], types: ["room_created", "room_destroyed", "occupant_joined", "occupant_left"] },
  { rooms: ["weekly", "daily"], types: [...eventTypes] },
];

/** Everything that happened: each room with its people, and an event of every type a few times. */
async function fill(sql: Sql): Promise<void> {
  for (const [i, { id, node, ended }] of rooms.entries()) {
    await sql`insert into rooms (id, name, jid, created, ended)
      values (${id}, ${node.toUpperCase()}, ${`${node}@rooms.talky.test`}, ${at(i)}, ${
      ended ? at(i + 50) : null
    })`;
  }
  for (const [i, id] of sessions.entries()) {
    await sql`insert into users (sessionid, userid, type, os, browser, useragent, created, ended) values
      (${id}, ${`u${i}@users.talky.test`}, 'browser', 'o', 'b', 'u', ${at(i)}, ${
      i % 2 === 0 ? at(i + 60) : null
    })`;
  }
  // The last one was never anywhere.
  for (const [i, sessionid] of sessions.slice(0, -1).entries()) {
    for (const room of [rooms[i % 4]!, rooms[(i + 1) % 4]!]) {
      await sql`insert into occupants values
        (${room.id}, ${sessionid}, ${`u${i}@users.talky.test`}, ${at(i + 5)}, ${
        room.ended ? at(i + 40) : null
      })`;
    }
  }
  let id = 0;
  for (let round = 0; round < 3; round++) {
    for (const [i, type] of eventTypes.entries()) {
      const room = [...rooms, undefined][(i + round) % 5];
      const actor = sessions[(i + round) % 6]!;
      await sql`insert into events (id, type, room_id, actor_id, peer_id, time, data) values
        (${++id}, ${type}, ${room?.id ?? null}, ${actor}, ${type.startsWith("p2p") ? sessions[i % 6]! : null},
         ${at(id)}, ${JSON.stringify({ sid: `s${i}`, screen: "x", name: "n" })}::text::jsonb)`;
    }
  }
  await sql`update events set data = data || '{"cause": "disconnected"}' where type = 'occupant_left'`;
  await sql`insert into quality (event_id, room_id, actor_id, peer_id, sid, way, kind, ssrc, time, measured, bytes)
    select id, room_id, actor_id, ${sessions[0]!}, 's', 'in', 'audio', 1, time, id, id * 100 from events
    where room_id is not null and type = 'p2p_session_stats'`;
  await sql`update log_head set id = ${id}`;
}

/** Removes what a view does not show, as a person would say it, not as the product does. */
async function keepOnly(sql: Sql, { rooms: wanted, types }: View): Promise<void> {
  if (types) await sql`delete from events where type <> all(${`{${types.join(",")}}`}::text[])`;
  if (!wanted) return;
  const shown = rooms.filter(({ id, node }) => wanted.includes(id) || wanted.includes(node)).map(({ id }) =>
    id
  );
  const list = `{${shown.join(",")}}`;
  await sql`delete from events where room_id is null or room_id <> all(${list}::uuid[])`;
  await sql`delete from occupants where room_id <> all(${list}::uuid[])`;
  await sql`delete from quality where room_id <> all(${list}::uuid[])`;
  await sql`delete from rooms where id <> all(${list}::uuid[])`;
  await sql`delete from users where sessionid not in (select sessionid from occupants)`;
}

/** Requests for an operation: its path with everything that there is, and with something that there is not. */
function requestsFor(path: string): { path: string; accept?: string }[] {
  const ids: Record<string, readonly string[]> = {
    "/rooms/{id}": rooms.map(({ id }) => id),
    "/users/{sessionid}": sessions,
  };
  const template = Object.keys(ids).find((prefix) => path.startsWith(prefix));
  const paths = template ? [...ids[template]!, uuid(23, 0)].map((id) => path.replace(/\{\w+\}/, id)) : [path];
  const queries: Record<string, readonly string[]> = {
    "/rooms": ["?limit=1", "?active=true", "?name=Daily", "?name=other"],
    "/users": ["?limit=1", "?active=false", "?userid=u1@users.talky.test", "?userid=u3@users.talky.test"],
    "/events": [
      ...[
        "?limit=3",
        "?order=desc&limit=2",
        "?after=20",
        "?type=message_sent",
        "?not_type=message_sent",
        `?room=${rooms[3].id}`,
      ],
      ...[
        `?room=${rooms[0].id}`,
        `?actor=${sessions[1]}`,
        `?peer=${sessions[2]}`,
        `?from=${at(10)}&to=${at(30)}`,
      ],
    ],
    "/stats/rooms": [`?from=${at(-10)}&to=${at(100)}`, `?from=${at(1)}&to=${at(3)}&bucket=day`],
    "/rooms/{id}/state": [`?at=${at(30)}`, `?at=${at(90)}`, "?upto=30"],
    "/rooms/{id}/why": [`?at=${at(30)}`, `?at=${at(90)}`].map((moment) =>
      `${moment}&speaker=${sessions[1]}&hearer=${sessions[2]}`
    ),
    "/rooms/{id}/matrix": [`?at=${at(30)}`, `?at=${at(90)}`, `?at=${at(30)}&media=screen`],
    "/rooms/{id}/quality": [`?from=${at(0)}&to=${at(60)}`],
    "/rooms/{id}/issues": [`?from=${at(0)}&to=${at(600)}`],
    "/issues": [`?from=${at(0)}&to=${at(600)}`, `?from=${at(0)}&to=${at(30)}&person=${sessions[1]}`],
    "/incidents": [`?from=${at(0)}&to=${at(600)}`],
    "/search": ["?q=dai", "?q=OTHER", `?q=${rooms[3].id}`, "?q=u1", `?q=${sessions[2]}`, `?q=d&at=${at(20)}`],
  };
  // Now is never the same twice.
  const momentary =
    /^\/(stats\/rooms|issues|incidents|search|rooms\/\{id\}\/(state|why|matrix|quality|issues))$/;
  const plain = momentary.test(path) ? [] : [""];
  return paths.flatMap((one) => [...plain, ...queries[path] ?? []].map((query) => one + query)).flatMap((
    one,
  ) => [
    { path: one },
    ...path.endsWith("/events")
      ? ["text/csv", "application/x-ndjson"].map((accept) => ({ path: one, accept }))
      : path.endsWith("/attendance")
      ? [{ path: one, accept: "text/csv" }]
      : [],
  ]);
}

/** What an operation returns, without the moment at which it was asked. */
async function answerOf(api: Api, token: string, { path, accept }: { path: string; accept?: string }) {
  const headers = { authorization: `Bearer ${token}`, ...accept !== undefined && { accept } };
  const response = await api.request(path, { headers });
  const text = await response.text();
  return { status: response.status, text: path === "/stats/now" ? text.replace(/"time":"[^"]+"/, "") : text };
}

Deno.test("whatever is asked, a limited key is told what it would be if there were nothing else", async () => {
  await using whole = await testApi();
  const document = await whole.get("/openapi.json");
  // deno-lint-ignore no-explicit-any
  const operations = Object.entries<any>(document.paths).flatMap(([path, { get }]) =>
    get?.security?.some((one: object) => "operator" in one) && path !== "/stream"
      ? [{ path, description: String(get.description) }]
      : []
  );
  assert.ok(operations.length >= 12, `${operations.length} operations`);
  await whole.sql`delete from rooms`;
  await fill(whole.sql);
  let [compared, refused] = [0, 0];
  for (const view of views) {
    await using part = await testApi();
    await part.sql`delete from rooms`;
    await fill(part.sql);
    await keepOnly(part.sql, view);
    const { token } = await whole.apiKey({ scope: "admin", view });
    for (const { path, description } of operations) {
      for (const request of requestsFor(path)) {
        const what = `${JSON.stringify(view)} ${request.path} ${request.accept ?? ""}`;
        const answer = await answerOf(whole, token, request);
        if (mustRefuse(description, view)) {
          assert.equal(answer.status, 403, what);
          refused++;
        } else {
          assert.deepEqual(answer, await answerOf(part, part.token, request), what);
          compared++;
        }
      }
    }
  }
  assert.ok(compared > 400 && refused > 50, `${compared} compared, ${refused} refused`);
});

Deno.test("a limited reader gets its part of history and live, whatever it subscribes to", async () => {
  await using api = await testApi({ events: 300 });
  const all = await api.sql<{ id: string }[]>`select id from rooms order by id`;
  await api.sql`update rooms set jid = 'daily@rooms' where id <> ${all[0]!.id}`;
  const url = await api.serve();
  const shown = async ({ rooms, types }: View) => {
    const rows = await api.sql<{ id: number; node: string; type: EventType }[]>`
      select e.id, type, r.id::text as room, split_part(jid, '@', 1) as node
      from events e left join rooms r on r.id = room_id order by e.id`;
    return rows.filter((row) =>
      (!types || types.includes(row.type)) &&
      (!rooms || rooms.includes(row.node) || rooms.includes((row as unknown as { room: string }).room))
    ).map(({ id }) => id);
  };
  for (
    const view of [{ rooms: ["daily"] }, { rooms: [all[0]!.id], types: ["message_sent"] }, {
      rooms: ["nowhere"],
    }, { types: ["room_created"] }] as View[]
  ) {
    const { token } = await api.apiKey({ view });
    await using reader = openWebSocket(url, `after=0&access_token=${token}`);
    await using messages = await openEventStream(url, `after=0&access_token=${token}`);
    await until("both are ready", () => reader.frames.length > 0 && messages.messages.length > 0);
    const newest = await api.append(50);
    const expected = await shown(view);
    // One more that everybody would see, were they shown it, and a room that is created now.
    const late = crypto.randomUUID();
    await api.sql`insert into rooms (id, name, jid, created) values (${late}, 'Daily', 'daily@rooms', now())`;
    const last = await api.append(1, { room_id: late, type: "room_created" });
    if ((await shown(view)).at(-1) === last) expected.push(last);
    await until(
      "what is its own",
      () => reader.ids().length >= expected.length && messages.ids().length >= expected.length,
    );
    assert.deepEqual([reader.ids(), messages.ids()], [expected, expected], JSON.stringify(view));

    // A wish is within the view, never beside it.
    const before = reader.ids().length;
    reader.send({ type: "subscribe", after: 0, rooms: all.map(({ id }) => id) });
    const wished = (await shown({ rooms: all.map(({ id }) => id) })).filter((id) => expected.includes(id));
    await until("again", () => reader.ids().length >= before + wished.length);
    await api.append(1, { room_id: null, type: "audio_paused" });
    assert.deepEqual(reader.ids().slice(before), wished, `${JSON.stringify(view)} at ${newest}`);
  }
});

// ---

/** What the document says of an operation's types. */
function mustRefuse(description: string, { types }: View): boolean {
  if (/Keys that are limited to rooms or types are refused/.test(description)) return true;
  const needed = /limited to types needs ([\w, ]+)\./.exec(description)?.[1]?.split(", ") ?? [];
  return types !== undefined && !needed.every((type) => types.includes(type as EventType));
}
