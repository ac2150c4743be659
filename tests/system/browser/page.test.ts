import assert from "node:assert/strict";
import { deriveKeys } from "../../../auth/keys.ts";
import { verifyOperatorToken } from "../../../auth/operator.ts";
import type { Dependencies } from "../../../routes/dependencies.ts";
import { demoRoutes } from "../../../routes/demo.ts";
import { onError } from "../../../routes/problem.ts";
import { buildDemo } from "../../../scripts/demo.ts";

const keys = await deriveKeys(crypto.randomUUID());

function routes(demo?: Dependencies["demo"], publicUrl = "http://localhost:8001") {
  const xmpp = { domain: "talky.test", publicUrl: "ws://localhost:5280/xmpp-websocket" };
  const app = demoRoutes({ keys, publicUrl, xmpp, ...demo && { demo } } as Dependencies);
  app.onError(onError);
  return app;
}

const bytes = (text: string) => Promise.resolve(new TextEncoder().encode(text));

Deno.test("the demo page brings a token to read the stream with, for a while", async () => {
  const response = await routes((file) => bytes(file)).request("/demo?room=a");
  assert.equal(await response.text(), "index.html");
  const cookie = response.headers.get("set-cookie") ?? "";
  assert.match(cookie, /^talky_token=[^;]+; Max-Age=3600; Path=\/stream; HttpOnly; SameSite=Strict$/);
  const token = cookie.slice("talky_token=".length, cookie.indexOf(";"));
  assert.equal((await verifyOperatorToken(keys, token))?.scope, "read");

  const secure = await routes((file) => bytes(file), "https://talky.example").request("/demo");
  assert.match(secure.headers.get("set-cookie") ?? "", /; Secure/);
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
