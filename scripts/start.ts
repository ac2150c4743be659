/**
 * `deno task start`: everything a developer needs, in one terminal. Brings up PostgreSQL and Prosody
 * where the settings name none, migrates, and serves; ends it all in reverse order.
 *
 * @module
 */
import { join } from "node:path";
import { deriveKeys } from "../auth/keys.ts";
import type { Settings } from "../config.ts";
import { configureLogging } from "../runtime/logging.ts";
import { run } from "../main.ts";
import { lockDataDir } from "../local/data_dir_lock.ts";
import { prepareDatabase } from "../local/database.ts";
import { buildDemo } from "./demo.ts";
import { withoutPassword } from "../db/url.ts";
import { loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";
import { secretsOf } from "../local/secret.ts";
import { requireProsody } from "../local/install_prosody.ts";
import { startPostgres } from "../local/postgres.ts";
import { kill } from "../local/process.ts";
import { startProsody } from "../local/prosody.ts";
import { StopRequests } from "../local/stop_requests.ts";

/** Runs everything until an end is asked for. */
async function start(settings: Settings, requests: StopRequests): Promise<void> {
  const began = Date.now();
  await using services = new AsyncDisposableStack();
  if (!settings.databaseUrl || !settings.xmpp.url) services.use(await ownDataDir(settings.dataDir));
  // First what may have to be installed, so that failing leaves nothing behind.
  const program = settings.xmpp.url ? undefined : await requireProsody(say);
  const secrets = await secretsOf(settings);

  const databaseUrl = settings.databaseUrl ?? await bringPostgres(settings, requests, services);
  for (const done of await prepareDatabase(databaseUrl)) say(`database: ${done}`);
  if (requests.pending) return;

  const xmppUrl = settings.xmpp.url ?? await bringProsody(settings, secrets, program!, requests, services);
  if (requests.pending) return;

  if (settings.demoDir) await bringDemo(settings.demoDir);

  const service = await run({ ...settings, databaseUrl, secrets, xmpp: { ...settings.xmpp, url: xmppUrl } });
  services.defer(() => requests.orderly(service.stop(), () => {}));
  console.log(summary(settings, databaseUrl, xmppUrl, Date.now() - began));
  await requests.wait();
  say("stopping; ask again to force it");
}

// ---

const say = (line: string) => console.log(`talky: ${line}`);

async function ownDataDir(dataDir: string): Promise<Disposable> {
  const lock = await lockDataDir(dataDir);
  if (lock.holder === undefined) return lock;
  throw new Failure(
    `another task (process ${lock.holder}) works on ${dataDir}: end it, or set TALKY_DATA_DIR, PORT and TALKY_PROSODY_PORT`,
  );
}

async function bringPostgres(
  { dataDir }: Settings,
  requests: StopRequests,
  services: AsyncDisposableStack,
): Promise<string> {
  const postgres = await startPostgres({ dataDir, supervised: true, say });
  if (postgres.adopted) say("PostgreSQL still runs from an earlier start: taking it over");
  services.defer(() => requests.orderly(postgres.stop(), () => postgres.stop("immediate")));
  return postgres.url;
}

async function bringProsody(
  settings: Settings,
  secrets: readonly string[],
  program: string,
  requests: StopRequests,
  services: AsyncDisposableStack,
): Promise<string> {
  say("starting Prosody");
  const prosody = await startProsody({ settings, keys: await deriveKeys(secrets), program, say });
  if (prosody.adopted) say("Prosody still runs from an earlier start: taking it over, calls go on");
  services.defer(() => requests.orderly(prosody.stop(), () => kill(prosody.pid, "SIGKILL")));
  return prosody.url;
}

/** A page that cannot be bundled is no reason not to start. */
async function bringDemo(folder: string): Promise<void> {
  try {
    if (await buildDemo(folder)) say("bundled the demo call");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
  }
}

function summary(settings: Settings, databaseUrl: string, xmppUrl: string, milliseconds: number): string {
  const { publicUrl, dataDir } = settings;
  const kept = (file: string) => join(dataDir, file);
  return `
Talky Core API is up (${(milliseconds / 1000).toFixed(1)} s)

  Console    ${publicUrl}/
${settings.demoDir ? `  Demo call  ${publicUrl}/demo\n` : ""}\
  API        ${publicUrl}/docs
  Stream     ${publicUrl.replace(/^http/, "ws")}/stream
  Prosody    ${xmppUrl}${settings.xmpp.url ? "" : `   log: ${kept("prosody/prosody.log")}`}
  Database   ${withoutPassword(databaseUrl)}${
    settings.databaseUrl ? "" : `   password: ${kept("postgres.json")}`
  }

  deno task token     prints a token to read the API with
  deno task simulate  sends people into rooms
  Ctrl-C              ends everything
`;
}

if (import.meta.main) {
  await runTask(async () => {
    const settings = loadSettings();
    await configureLogging(settings);
    const requests = new StopRequests();
    await start(settings, requests);
    Deno.exit(requests.forced ? 130 : 0);
  });
}
