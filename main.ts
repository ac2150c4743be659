/**
 * The service on Deno: what it is made of, how it starts, how it stops. `deno task serve` runs this file;
 * `deno task start` brings the local services first and then calls {@link run}.
 *
 * @module
 */
import { createRequire } from "node:module";
import { getLogger } from "@logtape/logtape";
import { signIngestCredential } from "./auth/credential.ts";
import { deriveKeys, type Keys } from "./auth/keys.ts";
import { type Settings, xmppHosts } from "./config.ts";
import { connect, isRefusedData, isUnavailable, type Sql } from "./db/connect.ts";
import { postgresLog } from "./db/event_log.ts";
import { startHousekeeping } from "./db/housekeeping.ts";
import { isMigrated } from "./db/migrate.ts";
import { readPositions } from "./db/sources.ts";
import { store } from "./db/store.ts";
import { readCustomerData } from "./db/users.ts";
import { parseDevice } from "./ingest/device.ts";
import { type ProsodySession, startProsodySession } from "./ingest/prosody_session.ts";
import { createRecorder, type Recorder } from "./ingest/recorder.ts";
import { configureLogging } from "./logging.ts";
import { createMetrics } from "./metrics.ts";
import { createApp } from "./routes/app.ts";
import type { Check, Upgrade } from "./routes/dependencies.ts";
import { loadSettings } from "./scripts/environment.ts";
import { Failure, runTask } from "./scripts/failure.ts";
import { type Hub, startHub } from "./stream/hub.ts";

/** A running service. */
export interface Service {
  readonly address: { readonly hostname: string; readonly port: number };
  /** Stops accepting, closes readers, stores what was accepted, then lets go of Prosody and database. */
  stop(): Promise<void>;
}

/** Starts the service. Rejects with a {@link Failure} that a person can act on when it cannot. */
export async function run(settings: Settings): Promise<Service> {
  if (!settings.databaseUrl) {
    throw new Failure("DATABASE_URL is not set: `deno task start` brings a database");
  }
  if (!settings.secret) throw new Failure("TALKY_SECRET is not set: `deno task start` makes one");

  const keys = await deriveKeys(settings.secret);
  const pool = connect(settings.databaseUrl);
  await assertMigrated(pool);

  const metrics = createMetrics();
  const hub = await startHub(postgresLog(pool), { onTrouble: reportTrouble() });
  const recorder = createRecorder({
    store: async (submissions) => {
      const receipts = await store(pool, submissions, parseDevice);
      metrics.countStored(submissions, receipts);
      return receipts;
    },
    isRefusedData,
  });
  const prosody = startIngest(settings, keys, pool, recorder);

  metrics.measure({ prosody: prosody.status, hub: hub.status });

  const app = createApp({
    publicUrl: settings.publicUrl,
    xmpp: { domain: settings.xmpp.domain, publicUrl: settings.xmpp.publicUrl },
    keys,
    database: () => pool,
    recorder: () => recorder,
    appKey: settings.appKey,
    ice: settings.ice,
    hub,
    upgrade,
    asset: readAsset,
    metrics,
    checks: () => checks(pool, prosody, hub),
  });

  const stopHousekeeping = startHousekeeping(pool);

  const stopRest = async () => {
    await stopHousekeeping();
    await recorder.drain();
    await prosody.stop();
    await hub.stop();
    await pool.end({ timeout: 5 });
  };
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = await listen(settings, app.fetch);
  } catch (error) {
    await stopRest();
    throw error;
  }
  log.info("Listening on {hostname}:{port}", { ...server.addr });

  return {
    address: { hostname: server.addr.hostname, port: server.addr.port },
    async stop() {
      const closed = server.shutdown();
      await stopRest();
      // Requests that hang must not hold the process; everything accepted is stored by now.
      await Promise.race([closed, new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, 2000)))]);
    },
  };
}

// ---

const log = getLogger(["talky", "service"]);

async function assertMigrated(pool: Sql): Promise<void> {
  let migrated: boolean;
  try {
    migrated = await isMigrated(pool);
  } catch (error) {
    await pool.end({ timeout: 1 });
    throw new Failure(`the database cannot be used: ${error instanceof Error ? error.message : error}`);
  }
  if (!migrated) {
    await pool.end({ timeout: 1 });
    throw new Failure("the database's schema is not the current one: run `deno task migrate`");
  }
}

function startIngest(settings: Settings, keys: Keys, pool: Sql, recorder: Recorder): ProsodySession {
  const hosts = xmppHosts(settings.xmpp.domain);
  const username = "talky-ingest";
  return startProsodySession({
    url: settings.xmpp.url ?? `ws://127.0.0.1:${settings.xmpp.port}/xmpp-websocket`,
    hosts,
    username,
    // Needed for the login only; an hour bears clocks that differ.
    credential: () => signIngestCredential(keys, `${username}@${hosts.users}`, 3600),
    positions: () => readPositions(pool),
    recorder,
    customerData: (sessionid) => readCustomerData(pool, sessionid),
  });
}

async function listen(
  settings: Settings,
  handler: Deno.ServeHandler,
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const tls = settings.tls &&
    {
      cert: await readPem("TALKY_TLS_CERT", settings.tls.cert),
      key: await readPem("TALKY_TLS_KEY", settings.tls.key),
    };
  try {
    return Deno.serve({ hostname: settings.host, port: settings.port, onListen: () => {}, ...tls }, handler);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Failure(
        `PORT ${settings.port} is in use on ${settings.host}: stop what uses it, or set another PORT`,
      );
    }
    throw new Failure(
      `cannot listen on ${settings.host}:${settings.port}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

async function readPem(setting: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    throw new Failure(`${setting} is wrong: got ${JSON.stringify(path)}; the file cannot be read`);
  }
}

function upgrade(request: Request, protocol: string | undefined): Upgrade {
  const { response, socket } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {});
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  socket.addEventListener("open", () => resolve(socket), { once: true });
  socket.addEventListener("error", () => reject(new Error("the handshake failed")), { once: true });
  return { response, socket: promise };
}

async function readAsset(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await Deno.readFile(createRequire(import.meta.url).resolve(path));
  } catch {
    return null;
  }
}

async function checks(pool: Sql, prosody: ProsodySession, hub: Hub): Promise<Record<string, Check>> {
  const { connected, active, outbox } = prosody.status();
  return {
    database: await checkDatabase(pool, hub),
    prosody: { ok: connected, active, ...(outbox && { lag: outbox.pending, lost: outbox.lost }) },
  };
}

async function checkDatabase(pool: Sql, hub: Hub): Promise<Check> {
  const query = pool`select id as head from log_head`;
  const late = setTimeout(() => query.cancel(), 2000);
  try {
    const [row] = await query;
    return { ok: true, head: row?.["head"], streamed: hub.status().head };
  } catch {
    return { ok: false };
  } finally {
    clearTimeout(late);
  }
}

/** Says once that the log cannot be read, and once that it can again. */
function reportTrouble(): (error: unknown) => void {
  let troubled = false;
  return (error) => {
    if ((error !== null) === troubled) return;
    troubled = error !== null;
    if (!troubled) log.info("The stream reads the log again");
    else if (isUnavailable(error)) {
      log.warning("The stream cannot read the log, the database is away; it goes on when it is back");
    } else log.error("The stream cannot read the log: {error}", { error });
  };
}

if (import.meta.main) {
  await runTask(async () => {
    const settings = loadSettings();
    await configureLogging(settings);
    const service = await run(settings);
    const stop = async () => {
      await service.stop();
      Deno.exit(0);
    };
    Deno.addSignalListener("SIGTERM", stop);
    Deno.addSignalListener("SIGINT", stop);
  });
}
