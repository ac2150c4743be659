/**
 * Every list of the document, asked with every combination of its filters, with limited keys too, touches about as
 * much of the database as it returns: by EXPLAIN of each statement that it runs, planned with its values and without.
 *
 * By default over 60,000 events; TALKY_TEST_LONG=1 takes 1,000,000, with the same bounds.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Sql } from "../../db/connect.ts";
import { noteOlderTimes } from "../../db/event_times.ts";
import { bind, handlerOf, onSettled, type Query } from "../../db/query.ts";
import { makeRoomFigures } from "../../db/room_figures.ts";
import { began, generateYears, lasts, yearsRoom, yearsSession } from "../harness/years.ts";
import { testApi } from "./api.ts";

const long = Deno.env.get("TALKY_TEST_LONG") === "1";
const events = long ? 1_000_000 : 60_000;
const rooms = Math.ceil(events / 60);

const someRoom = Math.floor(rooms * 0.6);
const at = (share: number) => new Date(began + lasts * share).toISOString();

/** Values to ask for, by the filter's name. A filter with an `enum` needs none here. */
const values: Record<string, readonly string[]> = {
  type: ["p2p_session_stats", "room_locked", "room_locked,occupant_left,message_sent"],
  from: [at(0.6), at(0.02)],
  to: [at(0.6 + 1 / 365), at(0.7)],
  room: [yearsRoom(someRoom), `${yearsRoom(3)},${yearsRoom(someRoom)}`],
  actor: [yearsSession(someRoom * 4)],
  peer: [yearsSession(someRoom * 4 + 1)],
  name: ["room 20"],
  userid: ["u77@users.talky.test"],
  code: ["unknown_room", "nothing_has_this"],
  active: ["true", "false"],
  not_type: ["p2p_session_stats", "message_sent,p2p_session_stats,room_locked"],
  kind: ["loss", "no_path,flapping"],
  person: [yearsSession(someRoom * 4)],
  present: ["true", "false"],
};

/** Not filters: the page, and other names of what is there. */
const noFilters = new Set(["limit", "access_token", "ticket", "types", "rooms", "generation"]);
/** Places in a list, which go with anything. */
const places: Record<string, string> = {
  after: String(Math.floor(events * 0.3)),
  before: String(Math.floor(events * 0.8)),
};
const views = [{}, { rooms: ["room\\2020"] }, {
  types: ["room_locked", "occupant_joined", "occupant_left", "room_created", "room_destroyed"],
}] as const;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly enum?: readonly string[]; readonly type?: string };
}

/** Every combination of filters, each filter left out or with one of its values; the values take turns. */
function* combinations(parameters: readonly Parameter[]): Generator<string> {
  const filters = parameters.filter(({ name, in: where }) =>
    where === "query" && !noFilters.has(name) && name !== "cursor"
  );
  const turns = new Map<string, number>();
  for (let chosen = 0; chosen < 2 ** filters.length; chosen++) {
    const query = new URLSearchParams({ limit: "50" });
    for (const [i, { name, schema }] of filters.entries()) {
      if ((chosen >> i) % 2 === 0) continue;
      const known = name in places ? [places[name]!] : schema.enum ?? values[name];
      assert.ok(known, `${name} is a filter that this test does not know: give it values`);
      const turn = turns.get(name) ?? 0;
      // With a step of its own, so that values meet in every way.
      query.set(name, known[Math.floor(turn / (i + 1)) % known.length]!);
      turns.set(name, turn + 1);
    }
    yield `?${query}`;
  }
}

interface Node {
  readonly "Node Type": string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Shared Hit Blocks"?: number;
  readonly "Shared Read Blocks"?: number;
  readonly Plans?: readonly Node[];
}

/** Rows that the scans of a plan looked at. */
function rowsTouched(node: Node): number {
  const own = node["Node Type"].includes("Scan")
    ? (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"]
    : 0;
  return own + (node.Plans ?? []).reduce((sum, child) => sum + rowsTouched(child), 0);
}

/** What a statement costs. */
async function cost(sql: Sql, query: Query, mode: string) {
  const { string, parameters } = query as unknown as { string: string; parameters: { value?: unknown }[] };
  const given = parameters.map((p) => p !== null && typeof p === "object" && "value" in p ? p.value : p);
  return await sql.begin(async (tx) => {
    await tx.unsafe(`set local plan_cache_mode = ${mode}`);
    const [row] = await tx.unsafe(
      `explain (analyze, buffers, timing off, format json) ${string}`,
      given as never[],
      { prepare: true },
    );
    const [{ Plan: plan }] = row!["QUERY PLAN"] as [{ Plan: Node }];
    return {
      rows: rowsTouched(plan),
      buffers: (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0),
      plan,
    };
  });
}

Deno.test("every list by every combination of its filters costs what it returns", async (t) => {
  const watched: { sql?: Sql } = {};
  await using api = await testApi({ dependencies: { database: () => watched.sql ?? api.sql } });
  const { sql } = api;
  await generateYears(sql, { events, rooms });
  await sql`insert into rejected (origin, origin_ref, code, message, record)
    select case when n % 1000 = 0 then 'outbox' else 'telemetry' end, n::text,
      case when n % 997 = 0 then 'unknown_peer' else 'unknown_room' end, 'no', '{}' from generate_series(1, 20000) n`;
  // One for each room, so that each id of a path is a webhook's, too.
  await sql`insert into webhooks (id, name, url, secrets, format, batch_size, state, generation, cursor)
    select id, 'w', 'https://example.org', '[]', 'events', 100, 'active', gen_random_uuid(), 0 from rooms`;
  await sql`insert into webhook_deliveries (webhook_id, kind, events, ms, bytes)
    select id, 'events', 1, 1, 1 from (select id from rooms order by id limit 20) r, generate_series(1, 1000) n
    union all select ${yearsRoom(someRoom)}::uuid, 'events', 1, 1, 1 from generate_series(1, 1000)`;
  while (await noteOlderTimes(sql));
  await makeRoomFigures(sql, {});
  await sql`vacuum analyze`;

  let seen: Query[] = [];
  watched.sql = Object.assign(
    bind(sql, (query) => {
      onSettled(query, () => seen.push(query));
      handlerOf(sql)(query);
    }),
    { lend: sql.lend, open: sql.open, begin: sql.begin, end: sql.end },
  ) as Sql;
  const document = await api.get("/openapi.json");
  const keys = await Promise.all(views.map((view) => signed(api, view)));
  let worst = { rows: 0, buffers: 0 };
  // deno-lint-ignore no-explicit-any
  for (const [path, { get }] of Object.entries<any>(document.paths)) {
    const schema = get?.responses[200]?.content?.["application/json"]?.schema;
    if (!schema?.properties?.items) continue;
    await t.step(path, async () => {
      const at = path.replace("{id}", yearsRoom(someRoom)).replace("{sessionid}", yearsSession(someRoom * 4));
      for (const query of combinations(get.parameters ?? [])) {
        for (const [i, token] of keys.entries()) {
          seen = [];
          const response = await api.request(at + query, { headers: { authorization: `Bearer ${token}` } });
          const text = await response.text();
          // A limited key may not, or sees no such thing.
          if (i > 0 && (response.status === 403 || response.status === 404)) continue;
          assert.equal(response.status, 200, `${at}${query}: ${text}`);
          const { items } = JSON.parse(text);
          for (const mode of ["force_generic_plan", "force_custom_plan"]) {
            const total = { rows: 0, buffers: 0 };
            for (const statement of seen) {
              const { rows, buffers, plan } = await cost(sql, statement, mode);
              total.rows += rows;
              total.buffers += buffers;
              const what = () =>
                `${at}${query} with key ${i}, ${mode}: ${total.rows} rows and ${total.buffers} buffers for ` +
                `${items.length} items\n${(statement as unknown as { string: string }).string}\n${
                  JSON.stringify(plan, null, 1)
                }`;
              if (total.rows > mostRows || total.buffers > mostBuffers) throw new Error(what());
            }
            worst = {
              rows: Math.max(worst.rows, total.rows),
              buffers: Math.max(worst.buffers, total.buffers),
            };
          }
        }
      }
    });
  }
  console.log(`at most ${worst.rows} rows and ${worst.buffers} buffers of ${events} events`);
});

async function signed(api: Awaited<ReturnType<typeof testApi>>, view: typeof views[number]): Promise<string> {
  return (await api.apiKey({ view, scope: "admin" })).token;
}

/**
 * A page of 50 with all that is passed over on its way: a room, a session, and blocks of 1,024 that have a time in
 * part. Of 1,000,000 events the worst is the end of a span, where what was stored late is one event a block.
 */
const mostRows = 20_000;
const mostBuffers = 4000;
