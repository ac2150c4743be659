import assert from "node:assert/strict";
import { readSettings, settingNames, SettingsError, xmppHosts } from "../../config.ts";

const secret = "0123456789abcdef0123456789abcdef";
const production = {
  TALKY_ENV: "production",
  TALKY_SECRET: secret,
  DATABASE_URL: "postgres://talky:hunter2@db/talky",
  TALKY_XMPP_URL: "ws://prosody:5280/xmpp-websocket",
};

function problems(environment: Record<string, string>): readonly string[] {
  try {
    readSettings(environment);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    assert.equal(error.message, error.problems.join("\n"));
    return error.problems;
  }
  return [];
}

Deno.test("nothing set: development, with the contract's defaults", () => {
  const settings = readSettings({});
  assert.equal(settings.production, false);
  assert.equal(`${settings.host}:${settings.port}`, "127.0.0.1:8001");
  assert.equal(settings.publicUrl, "http://localhost:8001");
  assert.equal(settings.dataDir, ".data");
  assert.equal(settings.xmpp.domain, "talky-api.local");
  assert.equal(settings.xmpp.port, 5280);
  assert.equal(settings.xmpp.outboxMaxBytes, 256 * 1024 * 1024);
  assert.equal(settings.xmpp.outboxSyncMs, 50);
  assert.equal(settings.xmpp.publicUrl, "ws://localhost:5280/xmpp-websocket");
  assert.equal(settings.messageBodies, false);
  assert.equal(settings.logLevel, "info");
  assert.equal(settings.databaseUrl, undefined);
  assert.deepEqual(xmppHosts("talky-api.local"), {
    users: "users.talky-api.local",
    guests: "guests.talky-api.local",
    rooms: "rooms.talky-api.local",
  });
});

Deno.test("an empty value is none", () => {
  assert.deepEqual(
    readSettings(Object.fromEntries(settingNames.map((name) => [name, ""]))),
    readSettings({}),
  );
});

/** Setting, a wrong value, and what the message must say that it takes. */
const wrong: [name: string, value: string, takes: RegExp][] = [
  ["PORT", "http", /1 to 65,?535/],
  ["PORT", "0", /1 to 65,?535/],
  ["PORT", "65536", /1 to 65,?535/],
  ["PORT", "80.5", /1 to 65,?535/],
  ["TALKY_PROSODY_PORT", "x", /1 to 65,?535/],
  ["TALKY_OUTBOX_MAX_BYTES", "256MB", /bytes, 1048576 or more/],
  ["TALKY_OUTBOX_MAX_BYTES", "1000", /bytes, 1048576 or more/],
  ["TALKY_OUTBOX_SYNC_MS", "soon", /milliseconds, 60000 or less/],
  ["TALKY_OUTBOX_SYNC_MS", "60001", /milliseconds, 60000 or less/],
  ["TALKY_ENV", "staging", /development.*production/],
  ["LOG_LEVEL", "loud", /debug.*info.*warning.*error/],
  ["TALKY_MESSAGE_BODIES", "yes", /on.*off/],
  ["DATABASE_URL", "mysql://root:hunter2@db/talky", /postgres:\/\//],
  ["DATABASE_URL", "hunter2", /postgres:\/\//],
  ["TALKY_PUBLIC_URL", "localhost:8001", /https?:\/\//],
  ["TALKY_XMPP_URL", "http://prosody", /wss?:\/\//],
  ["TALKY_XMPP_PUBLIC_URL", "prosody", /wss?:\/\//],
  ["TALKY_XMPP_DOMAIN", "Talky API", /host name/],
  ["TALKY_SECRET", "hunter2", /32 bytes/],
  ["TALKY_STUN", "stun.example.org", /stun:host/],
  ["TALKY_TURN", "stun:stun.example.org", /turn:host/],
  ["TALKY_DEMO", "maybe", /on.*off/],
];
for (const [name, value, takes] of wrong) {
  Deno.test(`${name}=${value} is refused: which setting, what it got, what it takes`, () => {
    const said = problems({ [name]: value });
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(said[0]!, new RegExp(`^${name} `));
    assert.match(said[0]!, takes);
    const masked = ["DATABASE_URL", "TALKY_SECRET"].includes(name);
    assert.equal(said[0]!.includes(JSON.stringify(value)), !masked);
    assert.doesNotMatch(said[0]!, /hunter2/, "secrets are not shown");
  });
}

Deno.test("everything that is wrong is said at once", () => {
  assert.deepEqual(
    problems({ PORT: "x", LOG_LEVEL: "y", TALKY_ENV: "z" }).map((line) => line.split(" ")[0]).sort(),
    ["LOG_LEVEL", "PORT", "TALKY_ENV"],
  );
});

Deno.test("production takes what development makes up", () => {
  assert.equal(readSettings(production).production, true);
  for (const name of ["TALKY_SECRET", "DATABASE_URL", "TALKY_XMPP_URL"]) {
    const said = problems({ ...production, [name]: "" });
    assert.equal(said.length, 1);
    assert.match(said[0]!, new RegExp(`^${name} is not set; production takes `));
  }
});

Deno.test("settings that go together", () => {
  assert.match(problems({ TALKY_TLS_CERT: "cert.pem" })[0]!, /TALKY_TLS_CERT and TALKY_TLS_KEY/);
  assert.match(problems({ TALKY_TLS_KEY: "key.pem" })[0]!, /TALKY_TLS_CERT and TALKY_TLS_KEY/);
  assert.match(problems({ TALKY_TURN: "turn:turn.example.org" })[0]!, /TALKY_TURN_SECRET/);
  const tls = readSettings({ TALKY_TLS_CERT: "cert.pem", TALKY_TLS_KEY: "key.pem" });
  assert.equal(tls.publicUrl, "https://localhost:8001");
});

Deno.test("URLs: no slash at the end; clients are told the public one", () => {
  assert.equal(readSettings({ TALKY_PUBLIC_URL: "https://talky.test/" }).publicUrl, "https://talky.test");
  assert.equal(readSettings(production).xmpp.publicUrl, production.TALKY_XMPP_URL);
  const told = readSettings({ ...production, TALKY_XMPP_PUBLIC_URL: "wss://talky.test/xmpp" });
  assert.equal(told.xmpp.publicUrl, "wss://talky.test/xmpp");
});

Deno.test(".env.example has exactly the settings, each explained and with its default", async () => {
  const text = await Deno.readTextFile(new URL("../../.env.example", import.meta.url));
  const named = [...text.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) =>
    [name!, value!] as const
  );
  assert.deepEqual(named.map(([name]) => name).sort(), [...settingNames].sort());
  // What it shows as defaults are the defaults.
  const { TALKY_PUBLIC_URL: _derived, ...shown } = Object.fromEntries(named.filter(([, value]) => value));
  assert.deepEqual(readSettings(shown), readSettings({}));
});
