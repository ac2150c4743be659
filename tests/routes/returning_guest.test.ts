import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { signCredential } from "../../auth/credential.ts";
import { type Api, appKey, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

function ask(api: Api, token?: string, path = "/config/guest"): Promise<Response> {
  return Promise.resolve(api.app.request(path, { method: "POST", body: JSON.stringify({ token }) }));
}
const config = async (api: Api, token?: string) => await (await ask(api, token)).json();

function appToken(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h")
    .sign(new TextEncoder().encode(appKey));
}

Deno.test("a guest with the credential of an earlier session is the same user, in a new session", async () => {
  await using api = await testApi();
  const first = await config(api, await appToken({ displayName: "Ada", orgId: "acme" }));
  const second = await config(api, first.credential);
  assert.notEqual(second.id, first.id);
  for (const key of ["userId", "customerData", "displayName", "orgId"]) {
    assert.deepEqual(second[key], first[key], key);
  }
  // And again, from the second; the first one is still good as well.
  await api.sql`update users set ended = now() - interval '9 minutes' where sessionid in ${
    api.sql([first.id, second.id])
  }`;
  assert.equal((await config(api, second.credential)).userId, first.userId);
  assert.equal((await config(api, first.credential)).userId, first.userId);
});

Deno.test("a guest that comes back too late is a guest like any other", async () => {
  await using api = await testApi();
  const first = await config(api, await appToken({ displayName: "Ada" }));
  const assertStranger = async (token: string) => {
    const later = await config(api, token);
    assert.match(later.userId, /^[0-9a-f-]{36}@guests\.talky\.test$/);
    assert.notEqual(later.userId, first.userId);
    assert.deepEqual(later.customerData, {});
  };
  await assertStranger(await signCredential(api.keys, { sessionid: first.id, userid: first.userId }, -1));
  await assertStranger(
    await signCredential(api.keys, { sessionid: crypto.randomUUID(), userid: first.userId }, 60),
  );
  await api.sql`update users set ended = now() - interval '11 minutes'`;
  await assertStranger(first.credential);
});

Deno.test("nobody comes back as a user, nor with what we have not signed", async () => {
  await using api = await testApi();
  const user = await (await ask(api, await appToken({ sub: "ada" }), "/config/user")).json();
  assert.match(await assertProblem(await ask(api, user.credential), "token_refused"), /\/config\/user/);
  const guest = await config(api);
  const [header, claims] = guest.credential.split(".");
  await assertProblem(await ask(api, `${header}.${claims}.${"A".repeat(43)}`), "token_refused");
  await assertProblem(await ask(api, guest.credential, "/config/user"), "token_refused");
  await assertProblem(await ask(api, api.token), "token_refused");
});
