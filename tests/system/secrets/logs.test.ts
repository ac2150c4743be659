import { xml } from "@xmpp/client";
import { SignJWT } from "jose";
import assert from "node:assert/strict";
import { makeApiKey } from "../../../auth/api_key.ts";
import { sessionKeyTexts } from "../../../auth/keys.ts";
import { addApiKey } from "../../../db/api_keys.ts";
import { type TestDatabase, testDatabase } from "../../harness/database.ts";
import { type TestProsody, testProsody } from "../../harness/prosody.ts";
import { type TestService, testService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { enter, say } from "../../prosody/stanzas.ts";
import { hosts, logIn } from "../../prosody/xmpp.ts";
import { openEventStream, openWebSocket } from "../../stream/web_client.ts";
import { formsOf, leaks } from "./forms.ts";

const random = () => `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll("-", "+/");
const json = async (response: Response) => await response.json();
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A role of one's own with a password, and PostgreSQL told to log every statement with what goes with it. */
async function guardedBy(database: TestDatabase, role: string, password: string): Promise<string> {
  const { sql } = database;
  await sql.unsafe(`create role ${role} superuser login password '${password}'`);
  const url = new URL(database.url);
  await sql.unsafe(`alter database ${url.pathname.slice(1)} set log_statement = 'all'`);
  await sql.unsafe(`alter database ${url.pathname.slice(1)} set log_parameter_max_length_on_error = -1`);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
}

/** A call with everything that a secret goes through; gives the secrets that came up. */
async function call(service: TestService, prosody: TestProsody, appKey: string) {
  const secrets: Record<string, string> = {};
  const post = (path: string, body: unknown, headers = {}) =>
    fetch(service.url + path, { method: "POST", body: JSON.stringify(body), headers });
  const app = secrets["an application's token"] = await new SignJWT({ sub: "ada", displayName: "Ada" })
    .setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(new TextEncoder().encode(appKey));
  const configs = [
    await json(await post("/config/guest", {})),
    await json(await post("/config/user", { token: app })),
  ];
  // One by the API's relay, one on its own.
  const ways = [`${service.url.replace("http", "ws")}/xmpp-websocket`, prosody.wsUrl];
  for (const [index, { id, userId, credential, iceServers }] of configs.entries()) {
    secrets[`credential ${index}`] = credential;
    secrets[`TURN password ${index}`] = iceServers.at(-1).credential ?? iceServers.at(-1).password;
    const [username = "", domain = ""] = userId.split("@");
    const session = await logIn({ ...prosody, wsUrl: ways[index]! }, {
      ...{ domain, username, password: credential, id },
    });
    await enter(session);
    await say(session, xml("body", {}, "hello"));
    const item = { type: "p2p_session_stats", data: { a: 1 } };
    await (await post("/telemetry", { batch: [item] }, bearer(credential))).body?.cancel();
    await session.close();
    // As others may not use it.
    const wrong = { domain, username: "somebody", password: credential, id };
    await assert.rejects(logIn({ ...prosody, wsUrl: ways[index]! }, wrong));
    await assert.rejects(logIn(prosody, { ...wrong, domain: hosts.users, username: `${username}x` }));
  }
  return secrets;
}

/** Operators, with each kind of token wherever a token may be, good and bad. */
async function operate(service: TestService, database: TestDatabase) {
  const { id, token: admin, hash } = await makeApiKey();
  await addApiKey(database.sql, { id, name: "a", hash, scope: "admin", view: {}, expires: Date.now() + 1e6 });
  const post = async (path: string, body: unknown, token: string) =>
    await json(
      await fetch(service.url + path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: {
          ...bearer(token),
          "content-type": "application/json",
        },
      }),
    );
  const secrets: Record<string, string> = { "a key": admin, "a signed token": service.token };
  secrets["a made key"] = (await post("/tokens", { name: "made" }, admin)).token;
  secrets["a session's token"] = (await post("/tokens/session", {}, admin)).token;
  for (const n of [1, 2, 3]) secrets[`ticket ${n}`] = (await post("/tickets", {}, admin)).ticket;
  const { "ticket 1": one, "ticket 2": two } = secrets;

  await using reader = openWebSocket(service.url, `ticket=${one}&after=0`);
  await using other = openWebSocket(service.url, `access_token=${service.token}&after=0`);
  await using stream = await openEventStream(service.url, "", bearer(admin));
  await until(
    "all read",
    () => [reader, other].every(({ frames }) => frames.length > 0) && stream.messages.length > 0,
  );
  reader.send({ type: "token", token: service.token });
  const wanted = [
    "/events",
    "/rooms?limit=x",
    "/rooms/none",
    "/nothing",
    "/users?from=never",
    "/events?types=x",
  ];
  for (const secret of Object.values(secrets)) {
    const spoilt = secret.slice(0, -1) + (secret.endsWith("A") ? "B" : "A");
    for (const token of [secret, spoilt]) {
      for (const path of wanted) {
        const url = `${service.url}${path}${path.includes("?") ? "&" : "?"}`;
        for (
          const request of [
            fetch(url, { headers: bearer(token) }),
            fetch(`${url}access_token=${token}`),
            fetch(`${url}ticket=${token}`),
            fetch(url, {
              headers: { cookie: `talky_token=${token}`, authorization: `Basic ${btoa(`x:${token}`)}` },
            }),
          ]
        ) await (await request).body?.cancel();
      }
    }
  }
  await (await fetch(`${service.url}/rooms?ticket=${two}`)).body?.cancel();
  return secrets;
}

/** What goes wrong at the database, and without it, while requests come. */
async function fail(service: TestService, database: TestDatabase, role: string, token: string) {
  await database.sql.unsafe(`alter role ${role} nologin`);
  await database.sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
  for (const path of ["/rooms", "/events", "/readyz", "/tickets"]) {
    const method = path === "/tickets" ? "POST" : "GET";
    await (await fetch(service.url + path, { method, headers: bearer(token) })).body?.cancel();
  }
  await database.sql.unsafe(`alter role ${role} login`);
}

Deno.test({
  name: "no log holds a secret: a call, operators, refusals and failures, at level debug",
  // Sockets that Prosody closes are gone a little after the test.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using database = await testDatabase();
    await using prosody = await testProsody({ logLevel: "debug" });
    const role = `reader_${crypto.randomUUID().replaceAll("-", "")}`;
    const [password, appKey, turn] = [random(), random(), random()];
    const url = await guardedBy(database, role, password);
    const secrets: Record<string, string> = {
      "TALKY_SECRET": prosody.secret,
      "the database's password": password,
      TALKY_APP_KEY: appKey,
      TALKY_TURN_SECRET: turn,
    };
    sessionKeyTexts(prosody.keys).forEach((key, n) => secrets[`Prosody's key ${n}`] = key);
    const env = {
      LOG_LEVEL: "debug",
      // So it passes clients on to Prosody.
      TALKY_PUBLIC_URL: "https://talky.test",
      TALKY_APP_KEY: appKey,
      TALKY_TURN: "turn:turn.example.com:3478",
      TALKY_TURN_SECRET: turn,
      TALKY_LIMIT_FAILURES: "off",
    };
    const service = await testService({ database: { url }, prosody, env });
    try {
      Object.assign(secrets, await call(service, prosody, appKey), await operate(service, database));
      await fail(service, database, role, secrets["a key"]!);
      await prosody.kill("SIGKILL");
      await until("it is missed", async () => !(await fetch(`${service.url}/readyz`)).ok);
    } finally {
      await service.stop();
    }
    const broken = await testService({
      database: { url: url.replace(/:\d+\//, ":port/") },
      env: { ...env, TALKY_APP_KEY: "short", PORT: "nowhere" },
    }).then(() => "it starts", String);

    const [{ data_directory: cluster }] = await database.sql`show data_directory` as unknown as [
      { data_directory: string },
    ];
    const places = {
      "the service's log": service.logs(),
      "what it says of bad settings": broken,
      "Prosody's log": await Deno.readTextFile(`${prosody.dataDir}/prosody/prosody.log`),
      "PostgreSQL's log": await Deno.readTextFile(`${cluster}/server.log`),
    };
    assert.deepEqual(leaks(secrets, places), []);
    // They are the logs of what happened here.
    assert.match(places["the service's log"], /The database is away[^]*Prosody at/);
    assert.match(places["what it says of bad settings"], /DATABASE_URL/);
    assert.match(places["Prosody's log"], /debug/);
    assert.match(places["PostgreSQL's log"], new RegExp(`${role}|insert into api_keys|execute`));
    await database.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  },
});

Deno.test("a secret is found in whatever it is put into", () => {
  const token = "abcdefgh.ijklmnop.QRSTUVWXYZ+/";
  for (const secret of [random(), token, "päss+/wörd?"]) {
    const forms = [
      secret,
      encodeURIComponent(secret),
      ...["", "a", "ab", "\0user\0"].map((before) =>
        btoa(String.fromCharCode(...new TextEncoder().encode(`${before}${secret}!`)))
      ),
    ];
    for (const form of forms) {
      for (const text of [form, form.replaceAll("+", "-").replaceAll("/", "_")]) {
        assert.equal(leaks({ it: secret }, { there: `x ${text} y` }).length, 1, `${secret} as ${text}`);
      }
    }
    assert.deepEqual(leaks({ it: secret }, { there: "nothing to see" }), []);
  }
  assert.ok(formsOf("a.b.c")["signature"]);
});
