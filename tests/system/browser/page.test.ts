import assert from "node:assert/strict";
import { deriveKeys } from "../../../auth/keys.ts";
import { verifyOperatorToken } from "../../../auth/operator.ts";
import type { Dependencies } from "../../../routes/dependencies.ts";
import { demoRoutes } from "../../../routes/demo.ts";
import { onError } from "../../../routes/problem.ts";
import { makeCall } from "../../routes/a_call.ts";
import { testApi } from "../../routes/api.ts";
import { buildDemo } from "../../../scripts/demo.ts";

const keys = await deriveKeys(crypto.randomUUID());

function routes(demo?: Dependencies["demo"], publicUrl = "http://localhost:8001") {
  const xmpp = { domain: "talky.test", publicUrl: "ws://localhost:5280/xmpp-websocket" };
  const app = demoRoutes({ keys, publicUrl, xmpp, ...demo && { demo } } as Dependencies);
  app.onError(onError);
  return app;
}

const bytes = (text: string) => Promise.resolve(new TextEncoder().encode(text));

Deno.test("the demo page lets read the room that one is in, for a while, and nothing else", async () => {
  await using api = await testApi({ dependencies: { demo: bytes, publicUrl: "http://localhost:8001" } });
  await makeCall(api.sql);
  const page = await api.app.request("/demo?room=a");
  assert.equal(await page.text(), "index.html");
  assert.equal(page.headers.get("set-cookie"), null, "whoever opens it reads nothing yet");

  const stays = await api.sql<{ room_id: string; sessionid: string; here: boolean }[]>`
    select room_id, sessionid, bool_or("left" is null) as here from occupants group by room_id, sessionid`;
  const ask = async (sessionid: string, room_id: string) =>
    await api.app.request("/demo/events", {
      method: "POST",
      headers: { authorization: `Bearer ${await api.credential(sessionid)}` },
      body: JSON.stringify({ room_id }),
    });
  for (const { room_id, sessionid, here } of stays) {
    const { status } = await ask(sessionid, room_id);
    assert.equal(status, here ? 204 : 404, "while one is there");
  }
  const [stay] = await api.sql<[{ room_id: string; sessionid: string }]>`
    update occupants set "left" = null where joined = (select max(joined) from occupants)
    returning room_id, sessionid`;
  const response = await ask(stay.sessionid, stay.room_id);
  const cookie = response.headers.get("set-cookie") ?? "";
  assert.match(cookie, /^talky_token=[^;]+; Max-Age=600; Path=\/stream; HttpOnly; SameSite=Strict$/);
  const token = cookie.slice("talky_token=".length, cookie.indexOf(";"));
  const operator = await verifyOperatorToken(api.keys, token);
  assert.deepEqual([operator?.scope, operator?.view], ["read", { rooms: [stay.room_id] }]);
  assert.equal((await ask(stay.sessionid, crypto.randomUUID())).status, 404);
  assert.equal((await ask(crypto.randomUUID(), stay.room_id)).status, 404);
  // Shown as a bearer's it is no more than that.
  const items = await api.app.request("/events?limit=1000", {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.ok((await items.json()).items.every((event: { room_id: string }) => event.room_id === stay.room_id));
});

Deno.test("the demo's cookie goes over TLS where the page does", async () => {
  await using api = await testApi({ dependencies: { demo: bytes } });
  await makeCall(api.sql);
  const [stay] = await api.sql<[{ room_id: string; sessionid: string }]>`
    update occupants set "left" = null where joined = (select max(joined) from occupants)
    returning room_id, sessionid`;
  const response = await api.app.request("/demo/events", {
    method: "POST",
    headers: { authorization: `Bearer ${await api.credential(stay.sessionid)}` },
    body: JSON.stringify({ room_id: stay.room_id }),
  });
  assert.match(response.headers.get("set-cookie") ?? "", /; Secure/);
});

Deno.test("the demo serves its own files and no others", async () => {
  const app = routes((file) => bytes(file));
  const script = await app.request("/demo/demo.js");
  assert.equal(script.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.equal(await script.text(), "demo.js");
  for (const file of ["sources.sha256", "..%2Fsecret", "constructor"]) {
    const { status } = await app.request(`/demo/${file}`);
    assert.equal(status, 404, file);
  }
});

Deno.test("a demo that is off, or not built, is not there", async () => {
  assert.equal((await routes().request("/demo")).status, 404);
  assert.equal((await routes(() => Promise.resolve(null)).request("/demo")).status, 404);
});

Deno.test("the demo is bundled once, and again when its sources have changed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.equal(await buildDemo(folder), true);
    assert.equal(await buildDemo(folder), false);
    await Deno.writeTextFile(`${folder}/sources.sha256`, "of other sources");
    assert.equal(await buildDemo(folder), true);

    const script = await Deno.readTextFile(`${folder}/demo.js`);
    assert.doesNotMatch(script, /require of|["']node:/, "nothing is left that browsers lack");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
