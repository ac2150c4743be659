import assert from "node:assert/strict";
import { deriveKeys } from "../../../auth/keys.ts";
import { readSettings } from "../../../config.ts";
import { defaults, selfSigned } from "../../../scripts/certgen.ts";
import { requireProsody } from "../../../local/install_prosody.ts";
import { freePort } from "../../../local/ports.ts";
import { end } from "../../../local/process.ts";
import { checkProsodyConfig } from "../../../local/prosody_install.ts";
import { systemConfig } from "../../../local/prosody_layout.ts";
import { runProsody } from "../../../local/prosody_process.ts";
import { simulate } from "../../../proof/simulate/simulation.ts";
import { assertTruth } from "../../system/end_to_end/truth.ts";
import { testDatabase } from "../../harness/database.ts";
import { testService } from "../../harness/service.ts";
import { through } from "../../harness/through.ts";
import { temporaryFolder } from "../temporary_folder.ts";

Deno.test("a Prosody with the production configuration feeds two instances, and serves wss", async () => {
  await using folder = await temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  const pems = await selfSigned(defaults);
  await Deno.writeTextFile(path("cert.pem"), pems.cert);
  await Deno.writeTextFile(path("key.pem"), pems.key);
  const [port, tlsPort] = [freePort(), freePort()];
  const secret = crypto.randomUUID();
  const settings = readSettings({
    TALKY_ENV: "production",
    TALKY_SECRET: secret,
    DATABASE_URL: "postgres://nowhere/talky",
    TALKY_XMPP_URL: `ws://127.0.0.1:${port}/xmpp-websocket`,
    TALKY_XMPP_PUBLIC_URL: `wss://localhost:${tlsPort}/xmpp-websocket`,
    TALKY_TLS_CERT: path("cert.pem"),
    TALKY_TLS_KEY: path("key.pem"),
  });
  const layout = { config: path("prosody.cfg.lua"), dataDir: path("data"), pidfile: path("prosody.pid") };
  await Deno.mkdir(layout.dataDir);
  // What only the test needs: a container's root may run it.
  const text = systemConfig(settings, await deriveKeys(secret), layout, "node-a")
    .replace("run_as_root = false", `run_as_root = ${Deno.uid() === 0}`);
  assert.equal(await checkProsodyConfig(text), true);
  await Deno.writeTextFile(layout.config, text);

  const program = await requireProsody(console.error);
  const files = { config: layout.config, pid: path("shell.pid"), log: path("prosody.log") };
  const process = await runProsody(program, files, settings.xmpp.url!);
  await using _prosody = { [Symbol.asyncDispose]: () => end(process.pid, 5000) };
  await using database = await testDatabase();
  const prosody = { wsUrl: settings.xmpp.url!, domain: settings.xmpp.domain, secret };
  const env = { TALKY_ENV: "production", TALKY_DEMO: "off" };
  await using first = await testService({ database, prosody, env });
  await using second = await testService({ database, prosody, env });

  const plan = { rooms: 2, people: 3, minutes: 0, pace: 0 };
  const outcomes = await Promise.all([
    simulate({ ...plan, seed: "first", url: first.url }),
    simulate({ ...plan, seed: "second", url: second.url }),
  ]);
  const rooms = outcomes.flatMap((outcome) => outcome.rooms);
  for (const service of [first, second]) await assertTruth(service, { ...outcomes[0], rooms });

  using client = Deno.createHttpClient({ caCerts: [pems.cert] });
  const secure = await fetch(`https://localhost:${tlsPort}/xmpp-websocket`, through(client));
  assert.match(await secure.text(), /WebSocket/i);

  // One of them goes: the other one is fed from now on, if it was not before.
  assert.equal(await first.stop(), 0);
  const third = await simulate({ ...plan, seed: "third", url: second.url });
  await assertTruth(second, { ...third, rooms: [...rooms, ...third.rooms] });
});
