import assert from "node:assert/strict";
import { deriveKeys } from "../../../auth/keys.ts";
import { readSettings } from "../../../config.ts";
import { prosodyConfig } from "../../../prosody/config.ts";
import { checkProsodyConfig } from "../../../local/prosody_install.ts";
import { layoutOf, systemConfig } from "../../../local/prosody_layout.ts";
import { runTask } from "../task.ts";
import { prosodyTest } from "../../harness/prosody_releases.ts";
import { temporaryFolder } from "../temporary_folder.ts";

Deno.test("generate writes a configuration that prosodyctl finds nothing wrong with", async () => {
  await using folder = await temporaryFolder();
  const settings = { TALKY_XMPP_DOMAIN: "meet.test", TALKY_SECRET: "a secret of more than thirty-two bytes" };
  const { code, stdout, stderr } = await runTask("prosody:config:generate", [], folder.path, settings);
  assert.equal(code, 0, stderr);
  const path = `${folder.path}/prosody.cfg.lua`;
  assert.equal(stdout, `wrote ${path}, checked by prosodyctl\n`);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  const text = await Deno.readTextFile(path);
  assert.match(text, /^VirtualHost "guests\.meet\.test"$/m);
  assert.match(text, /^run_as_root = false$/m);
  assert.doesNotMatch(text, /a secret of/);
});

Deno.test("install keeps what was there", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/prosody.cfg.lua`;
  const install = (...args: string[]) =>
    runTask("prosody:config:install", ["--to", path, ...args], folder.path);
  const first = await install();
  assert.equal(first.code, 0, first.stderr);
  assert.doesNotMatch(first.stdout, /what was there/);
  const before = await Deno.readTextFile(path);

  const second = await install("--source", "node-b");
  const [, backup] = /what was there is in (.*)/.exec(second.stdout) ?? [];
  assert.equal(await Deno.readTextFile(backup!), before);
  assert.match(await Deno.readTextFile(path), /^talky_source = "node-b"$/m);
});

Deno.test("install where there is no Prosody is one line", async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await runTask(
    "prosody:config:install",
    ["--to", `${folder.path}/no/prosody.cfg.lua`],
    folder.path,
  );
  assert.equal(code, 1);
  assert.match(stderr, /^talky: .* there is no such folder.*\n/);
});

Deno.test("what prosodyctl finds wrong is told, and not installed", async () => {
  await assert.rejects(checkProsodyConfig("this is no Lua"), /prosodyctl refuses/);
});

prosodyTest(
  "prosodyctl finds nothing wrong with the local and the system's configuration",
  async ({ program }) => {
    await using folder = await temporaryFolder();
    const keys = await deriveKeys("a secret of more than thirty-two bytes");
    const local = prosodyConfig({
      domain: "talky.test",
      dataDir: folder.path,
      modulesDir: folder.path,
      httpPort: 5280,
      sessionKeys: ["00ff"],
    });
    const system = systemConfig(readSettings({}), keys, layoutOf("/etc/prosody"), "node-a");
    for (const text of [local, system]) {
      assert.equal(await checkProsodyConfig(text, program?.replace(/prosody$/, "prosodyctl")), true);
    }
  },
);

Deno.test("everything lies where the system keeps it", async () => {
  const keys = await deriveKeys("a secret of more than thirty-two bytes");
  const config = (configDir: string, settings: Record<string, string> = {}) =>
    systemConfig(readSettings(settings), keys, layoutOf(configDir));
  assert.equal(layoutOf("/opt/homebrew/etc/prosody").config, "/opt/homebrew/etc/prosody/prosody.cfg.lua");
  assert.match(config("/opt/homebrew/etc/prosody"), /data_path = "\/opt\/homebrew\/var\/lib\/prosody"/);
  assert.match(config("/etc/prosody"), /pidfile = "\/run\/prosody\/prosody\.pid"/);

  const loopback = config("/etc/prosody", { TALKY_XMPP_URL: "ws://localhost:6000/xmpp-websocket" });
  assert.match(
    loopback,
    /http_ports = \{ 6000 \}\nhttp_interfaces = \{ "127\.0\.0\.1" \}\nhttps_ports = \{\}/,
  );
  const elsewhere = config("/etc/prosody", { TALKY_XMPP_URL: "ws://prosody.internal:5280/xmpp-websocket" });
  assert.match(elsewhere, /http_interfaces = \{ "\*" \}/);
  const tls = config("/etc/prosody", {
    TALKY_TLS_CERT: "/tls/cert.pem",
    TALKY_TLS_KEY: "/tls/key.pem",
    TALKY_XMPP_PUBLIC_URL: "wss://meet.test:5281/xmpp-websocket",
  });
  assert.match(tls, /https_ports = \{ 5281 \}/);
  assert.match(tls, /https_ssl = \{ certificate = "\/tls\/cert\.pem", key = "\/tls\/key\.pem" \}/);
});
