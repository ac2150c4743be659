import assert from "node:assert/strict";
import fc from "fast-check";
import { BadSubscription, readQuery } from "../../stream/subscription.ts";
import { until } from "../harness/wait.ts";
import { openWebSocket } from "../stream/web_client.ts";
import { ada, before, daily, makeCall, weekly } from "./a_call.ts";
import { type Api, testApi } from "./api.ts";
import { assertProblem } from "./problems.ts";

interface Operation {
  readonly method: string;
  readonly path: string;
  /** Names of its query parameters. */
  readonly known: readonly string[];
  readonly token: string | undefined;
}

Deno.test("every operation refuses parameters it does not know, and names the one that was meant", async () => {
  await using api = await testApi();
  for (const operation of await operationsOf(api)) {
    const { method, path, known } = operation;
    const strangers = new Map(
      known.flatMap((name) =>
        [`${name}x`, name.slice(0, -1), name.toUpperCase(), `${name}_`]
          .filter((other) => other.length > 1 && !known.includes(other))
          .map((other) => [other, known])
      ),
    );
    for (const other of ["cache_buster", "constructor", "__proto__"]) strangers.set(other, []);
    for (const [name, near] of strangers) {
      const detail = await assertProblem(await ask(api, operation, `${name}=1`), "invalid_request")
        .catch((error) => assert.fail(`${method} ${path}?${name}=1: ${error.message}`));
      assert.match(detail, near.length > 0 ? /did you mean "/ : /there are/, `${method} ${path}?${name}`);
      assert.ok(detail.includes(`unknown parameter ${JSON.stringify(name)}`), detail);
    }
  }
});

Deno.test("every operation knows the parameters that its description names", async () => {
  await using api = await testApi();
  for (const operation of await operationsOf(api)) {
    for (const name of operation.known) {
      // Some take no 1, and say so; none takes it for a stranger.
      const response = await ask(api, operation, `${name}=1`);
      assert.doesNotMatch(await response.text(), /unknown parameter/, `${operation.path}?${name}`);
    }
  }
});

Deno.test("the documents refuse parameters, too", async () => {
  await using api = await testApi();
  for (const path of ["/openapi.json", "/asyncapi.json"]) {
    await assertProblem(await api.request(`${path}?version=1`), "invalid_request");
  }
});

Deno.test("a WebSocket hears 4400 of a parameter that the stream does not know", async () => {
  await using api = await testApi();
  const url = await api.serve();
  for (const query of ["actor=x", "romm=x", "after=0&limit=5"]) {
    const { code, reason } = await openWebSocket(url, `${query}&access_token=${api.token}`).closed;
    assert.equal(code, 4400, query);
    assert.match(reason, /unknown parameter/);
  }
});

Deno.test("one vocabulary: singular, plural, repeated or with commas, in queries and in frames", async () => {
  await using api = await testApi();
  await makeCall(api.sql);
  const ids = async (query: string) =>
    (await api.get(`/events?${query}`)).items.map(({ id }: { id: number }) => id);
  const types = ["occupant_joined", "occupant_left"];
  const expected = (await api.get("/events")).items
    .filter(({ type, room_id }: { type: string; room_id: string }) =>
      types.includes(type) && [daily, weekly].includes(room_id)
    ).map(({ id }: { id: number }) => id);
  assert.ok(
    expected.length > 3 && !(await ids(`room=${before}`)).some((id: number) => expected.includes(id)),
  );
  const spellings = [
    `type=${types[0]}&type=${types[1]}&room=${daily}&room=${weekly}`,
    `types=${types.join(",")}&rooms=${daily},${weekly}`,
    `type=${types[0]}&types=${types[1]}&room=${daily}&rooms=${weekly}`,
    `type=${types.join("%2C")}&room=${daily.toUpperCase()},${weekly}`,
  ];
  for (const query of spellings) assert.deepEqual(await ids(query), expected, query);

  const url = await api.serve();
  for (const query of spellings) {
    await using reader = openWebSocket(url, `after=0&${query}&access_token=${api.token}`);
    await until(`${query} gives them`, () => reader.ids().length >= expected.length);
    assert.deepEqual(reader.ids(), expected, query);
  }
  await using reader = openWebSocket(url, `access_token=${api.token}`);
  await until("it is ready", () => reader.frames.length > 0);
  const frames = [{ rooms: [daily, weekly], types }, { room: daily, rooms: [weekly], types }, {
    room: [weekly, daily],
    types,
  }];
  for (const [i, frame] of frames.entries()) {
    reader.send({ type: "subscribe", after: 0, ...frame });
    await until("they come again", () => reader.ids().length >= expected.length * (i + 1));
    assert.deepEqual(reader.ids().slice(-expected.length), expected, JSON.stringify(frame));
  }
});

Deno.test("whole numbers in a query are decimal digits, and nothing that only looks like a number", async () => {
  await using api = await testApi();
  for (const text of ["", "null", "1e3", "0x10", "-1", "1.0", "+1", " 1", "1_000", "9".repeat(16), "NaN"]) {
    for (
      const path of [
        "/events?after=",
        "/events?before=",
        "/events?limit=",
        "/rooms?limit=",
        "/rejected?cursor=",
      ]
    ) {
      await assertProblem(await api.request(path + encodeURIComponent(text)), "invalid_request")
        .catch((error) => assert.fail(`${path}${text}: ${error.message}`));
    }
  }
});

Deno.test("a query of the stream is read whole, or refused: nothing in it is passed over", () => {
  const name = fc.constantFrom(
    "after",
    "lastEventId",
    "room",
    "rooms",
    "type",
    "types",
    "actor",
    "Type",
    "limit",
    "x",
  );
  const value = fc.constantFrom("", "0", "7", "null", ada, daily, "room_created", "room_created,room_locked");
  fc.assert(fc.property(fc.array(fc.tuple(name, value), { maxLength: 4 }), (pairs) => {
    const query = new URLSearchParams(pairs);
    try {
      const { after, wanted } = readQuery(query);
      for (const [key, text] of pairs) {
        if (/^rooms?$/.test(key)) assert.ok(text.split(",").every((id) => wanted.rooms?.includes(id)));
        else if (/^types?$/.test(key)) {
          assert.ok(text.split(",").every((type) => wanted.types?.includes(type)));
        } else if (key === "lastEventId" && text !== "") assert.equal(after, Number(text));
        else if (key === "lastEventId") assert.equal(after ?? 0, Number(query.get("after") ?? 0));
        else if (key === "after") assert.equal(after, Number(query.get("lastEventId") || text));
        else assert.fail(`${key} is unknown and was taken`);
      }
    } catch (error) {
      if (!(error instanceof BadSubscription)) throw error;
    }
  }));
});

// ---

async function operationsOf(api: Api): Promise<Operation[]> {
  const { paths } = await api.get("/openapi.json");
  const tokens = { operator: await api.operatorToken("admin"), session: await api.credential(ada) };
  // deno-lint-ignore no-explicit-any
  return Object.entries<Record<string, any>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, parameters = [] }]) => ({
      method,
      path: path.replace("{file}", "room_created.json").replaceAll(/\{\w+\}/g, daily),
      known: (parameters as { in: string; name: string }[])
        .filter((parameter) => parameter.in === "query").map(({ name }) => name),
      token: security && tokens[Object.keys(security[0])[0] as keyof typeof tokens],
    }))
  );
}

async function ask(api: Api, { method, path, token }: Operation, query: string): Promise<Response> {
  return await api.app.request(`${path}?${query}`, {
    method: method.toUpperCase(),
    headers: token ? { authorization: `Bearer ${token}` } : {},
    ...method !== "get" && { body: "{}" },
  });
}
