import assert from "node:assert/strict";
import { z } from "zod";
import { User } from "../../routes/resources.ts";
import { ada, at, bob, eve, makeCall } from "./a_call.ts";
import { testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

Deno.test("sessions, newest first, and by each filter", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const all = await api.get("/users");
  assert.deepEqual(
    z.strictObject({ items: z.array(User.strict()), next: z.null(), generation: z.uuid() }).parse(all),
    all,
  );
  const expected: Record<string, string[]> = {
    "": [eve, bob, ada],
    "active=true": [bob, ada],
    "active=false": [eve],
    "type=mobile": [bob],
    "type=browser": [eve, ada],
    "userid=eve@users.talky.test": [eve],
    [`from=${at(1)}&to=${at(10)}`]: [bob],
  };
  for (const [query, sessions] of Object.entries(expected)) {
    const { items } = await api.get(`/users?${query}`);
    assert.deepEqual(items.map(({ sessionid }: { sessionid: string }) => sessionid), sessions, query);
  }
});

Deno.test("a session", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const { useragent, os, browser, ...user } = await api.get(`/users/${bob}`);
  assert.deepEqual(user, {
    sessionid: bob,
    userid: `${bob}@guests.talky.test`,
    type: "mobile",
    created: at(1),
    ended: null,
  });
  assert.match(useragent, /iPhone/);
  assert.match(`${os} ${browser}`, /iOS 18.*Safari/);
  assert.equal((await api.get(`/users/${eve}`)).ended, at(12));
});

Deno.test("a session's events are those it did, and those it was the peer of", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const { items } = await api.get(`/users/${bob}/events`);
  assert.deepEqual(items.map(({ type }: { type: string }) => type), [
    "occupant_joined",
    "p2p_session_started",
    "message_sent",
    "occupant_left",
    "occupant_joined",
  ]);
});

Deno.test("sessions that are not there, and queries that make no sense", async () => {
  await using api = await testApi();
  for (const path of ["", "/events"]) {
    await assertProblem(await api.request(`/users/${crypto.randomUUID()}${path}`), "user_not_found");
    await assertProblem(await api.request(`/users/ada${path}`), "invalid_request");
  }
  for (const query of ["type=watch", "active=1", "limit=-1", "from=x", "cursor=x", "name=ada"]) {
    await assertProblem(await api.request(`/users?${query}`), "invalid_request");
  }
});
