/**
 * What REST promises, on whatever runtime. The routes' own tests say the rest, within one process.
 *
 * @module
 */
import assert from "node:assert/strict";
import { version } from "../../../routes/version.ts";
import { ada, bob, daily, weekly } from "../../routes/a_call.ts";
import { assertProblem } from "../../routes/problems.ts";
import type { Conformance, Target } from "./target.ts";

/** Expects the call of `tests/routes/a_call.ts` in the database. */
export const rest: Conformance = {
  async "the process answers, and knows whether its parts work"({ url }) {
    assert.deepEqual(await (await fetch(`${url}/healthz`)).json(), { status: "ok", version });
    const { checks } = await (await fetch(`${url}/readyz`)).json();
    assert.equal(checks.database.ok, true);
  },

  async "a guest gets a session and the address of a room"({ url }) {
    const guest = await post(`${url}/config/guest`, { clientVersion: "1.32.0" });
    const config = await guest.json();
    assert.equal(guest.status, 200);
    assert.deepEqual(config.iceServers, []);
    // Talky's client sends its JSON as text.
    const room = await post(`${url}/rooms/config`, { name: "Daily" }, {
      "authorization": `Bearer ${config.credential}`,
      "content-type": "text/plain;charset=UTF-8",
    });
    assert.match((await room.json()).roomAddress, /^daily@rooms\./);
  },

  async "telemetry is stored before it is answered, and a repeated batch once"({ url, credential, request }) {
    const batch = [
      { room_id: daily, peer_id: bob, data: JSON.stringify({ rtt: 40 }) },
      { room_id: weekly, peer_id: bob, data: { rtt: 40 } },
    ];
    const headers = { "authorization": `Bearer ${await credential(ada)}`, "idempotency-key": "once" };
    const answers = [];
    for (let i = 0; i < 2; i++) {
      const response = await post(`${url}/telemetry`, { batch }, headers);
      assert.equal(response.status, 202);
      answers.push(await response.json());
    }
    assert.equal(answers[0].accepted, 1);
    assert.equal(answers[0].rejected[0].index, 1);
    assert.deepEqual(answers[1], answers[0]);
    const { items } = await (await request(`/events?type=p2p_session_stats&actor=${ada}`)).json();
    assert.deepEqual(items.map(({ data }: { data: unknown }) => data), [{ rtt: 40 }]);
  },

  async "rooms, sessions and events are listed"({ request }) {
    const get = async (path: string) => await (await request(path)).json();
    const { items: rooms } = await get("/rooms?active=true");
    assert.deepEqual(rooms.map(({ id }: { id: string }) => id), [daily]);
    const room = await get(`/rooms/${daily}`);
    assert.equal(room.name, "daily");
    const { items: occupants } = await get(`/rooms/${daily}/occupants`);
    assert.ok(occupants.length >= 2);
    assert.equal((await get(`/users/${ada}`)).sessionid, ada);
    const page = await get(`/rooms/${daily}/events?limit=2`);
    const next = await get(`/rooms/${daily}/events?limit=2&after=${page.next}`);
    assert.equal(page.items[0].type, "room_created");
    assert.ok(next.items[0].id > page.items[1].id);
  },

  async "the history streams as NDJSON and CSV, whole"({ append, request }) {
    const head = await append(5000);
    const ndjson = await (await request("/events", { headers: { accept: "application/x-ndjson" } })).text();
    const ids = ndjson.trimEnd().split("\n").map((line) => JSON.parse(line).id);
    assert.deepEqual(ids, Array.from({ length: head }, (_, i) => i + 1));
    const csv = await (await request("/events", { headers: { accept: "text/csv" } })).text();
    assert.equal(csv.trimEnd().split("\r\n").length, head + 1);
  },

  async "who stops reading in the middle harms nobody"({ request, sql }) {
    const response = await request("/events", { headers: { accept: "application/x-ndjson" } });
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    assert.equal((await request("/rooms")).status, 200);
    assert.equal((await sql`select 1`).length, 1);
  },

  async "many ask at once"({ request }) {
    const answers = await Promise.all(Array.from({ length: 30 }, () => request("/events?limit=1")));
    for (const answer of answers) assert.equal((await answer.json()).items.length, 1);
  },

  async "what is wrong is a problem with a code"({ url, request, token }) {
    await assertProblem(await fetch(`${url}/rooms`), "unauthorized");
    await assertProblem(await request("/events?limit=none"), "invalid_request");
    await assertProblem(await request(`/rooms/${crypto.randomUUID()}`), "room_not_found");
    await assertProblem(await request("/nothing"), "not_found");
    await assertProblem(
      await request("/telemetry", {
        method: "POST",
        body: JSON.stringify({ batch: [] }),
        headers: { authorization: `Bearer ${await token()}` },
      }),
      "unauthorized",
    );
  },

  async "pages of any origin may ask"({ url }) {
    const headers = {
      "origin": "https://elsewhere.test",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    };
    const preflight = await fetch(`${url}/telemetry`, { method: "OPTIONS", headers });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  },

  async "it describes itself"({ url }) {
    const { openapi, paths } = await (await fetch(`${url}/openapi.json`)).json();
    assert.equal(openapi, "3.1.0");
    for (const path of ["/rooms", "/events", "/telemetry", "/stream"]) assert.ok(path in paths, path);
    assert.match(await (await fetch(`${url}/docs`)).text(), /openapi\.json/);
  },
} satisfies Record<string, (target: Target) => Promise<void>>;

// ---

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}
