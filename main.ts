/**
 * The service on Deno: what it is made of, how it starts, how it stops. `deno task serve` and `deno task
 * start` call {@link run}; under `deno serve` and on Deno Deploy the default export serves.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Context } from "hono";
import { deriveKeys } from "./auth/keys.ts";
import type { Settings } from "./config.ts";
import { connect, type Sql } from "./db/connect.ts";
import { assertFit } from "./db/database.ts";
import { postgresLog } from "./db/event_log.ts";
import { startHousekeeping } from "./db/housekeeping.ts";
import { watchKeys } from "./db/key_watch.ts";
import { isMigrated } from "./db/migrate.ts";
import { configureLogging } from "./runtime/logging.ts";
import { createMetrics } from "./runtime/metrics.ts";
import {
  checkProsody,
  databaseCheck,
  databaseRecorder,
  newestEvent,
  prosodyUrl,
  reportTrouble,
  routeSettings,
  startIngest,
} from "./runtime/assemble.ts";
import { createApp } from "./routes/app.ts";
import { loadSettings } from "./runtime/deno/environment.ts";
import { Failure } from "./runtime/failure.ts";
import { clientAddresses, countedAs } from "./runtime/deno/client_address.ts";
import { readAsset, readDemo } from "./runtime/deno/files.ts";
import type { Handler } from "./runtime/deno/http_server.ts";
import { listen, type Listener } from "./runtime/deno/listen.ts";
import { relayTo } from "./runtime/deno/relay.ts";
import { upgrade } from "./runtime/deno/upgrade.ts";
import { webhookPoster } from "./runtime/deno/webhook_post.ts";
import { startWebhooks } from "./runtime/webhooks.ts";
import { createTokenBuckets } from "./runtime/token_buckets.ts";
import { startHub } from "./stream/hub.ts";

/** A running service. */
export interface Service {
  readonly address: Listener["address"];
  /**
   * Stops accepting, closes readers, stores what was accepted, then lets go of Prosody and database. Waits for none
   * of them longer than some seconds: what hangs is cut off, and its sender sends it again.
   */
  stop(): Promise<void>;
}

/** Starts the service. Rejects with a {@link Failure} that a person can act on when it cannot. */
export async function run(settings: Settings): Promise<Service> {
  const works = await startWorks(settings);
  let listener: Listener;
  try {
    listener = await listen(settings, works.fetch, {
      perAddress: settings.limits.connections,
      isProxy: clientAddresses(settings.trustedProxies).isProxy,
    });
  } catch (error) {
    await works.stop();
    throw error;
  }
  log.info("Listening on {hostname}:{port}", { ...listener.address });
  let stopping: Promise<void> | undefined;
  return {
    address: listener.address,
    stop: () => stopping ??= works.stop(() => listener.shutdown()),
  };
}

/** For `deno serve`, also `--parallel`: then each thread is an instance of its own, as on other machines. */
export default {
  fetch: async (request: Request, info: Deno.ServeHandlerInfo) =>
    (await worksHere()).fetch(request, info as Deno.ServeHandlerInfo<Deno.NetAddr>),
  onListen: () => void worksHere(),
} satisfies Deno.ServeDefaultExport;

// ---

const log = getLogger(["talky", "service"]);

/** Everything but the listener. */
interface Works {
  readonly fetch: Handler;
  /** `shutdown` ends the listener, at the right moment. */
  stop(shutdown?: () => Promise<void>): Promise<void>;
}

async function startWorks(settings: Settings): Promise<Works> {
  const { demoDir } = settings;
  const databaseUrl = requireDatabase(settings);
  const keys = await deriveKeys(settings.secrets);
  const pool = connect(databaseUrl, { timeout: settings.databaseTimeout });
  await assertUsable(pool);

  const addresses = clientAddresses(settings.trustedProxies);
  const addressOf = (c: Context) =>
    addresses.clientOf(c.env.remoteAddr.hostname, c.req.header("x-forwarded-for") ?? null);
  const checkDatabase = databaseCheck(pool);
  const metrics = createMetrics();
  const hub = await startHub(postgresLog(pool), {
    onTrouble: reportTrouble(),
    maxReadersEach: settings.limits.streams,
    onClosed: metrics.countClosed,
  });
  const recorder = databaseRecorder(pool, metrics.countStored);
  const prosody = startIngest(settings, keys, pool, recorder);
  const post = webhookPoster(settings.webhooks);
  const webhooks = startWebhooks(settings, keys, { sql: pool, hub, post, onAttempt: metrics.countDelivery });
  const stopTidying = startHousekeeping(pool, { ...settings.keeping, onForgotten: metrics.countForgotten });
  const shared = routeSettings(settings, keys);
  const keyWatch = watchKeys(pool);
  metrics.measure({
    prosody: prosody.status,
    hub: () => hub.status(),
    pool: pool.status,
    newest: newestEvent(pool),
    webhooks: webhooks.figures,
  });

  const app = createApp({
    ...shared,
    database: () => pool,
    recorder: () => recorder,
    compression: true,
    stream: { hub, watchKey: keyWatch.watch, upgrade },
    ...settings.xmpp.relayed &&
      { relay: (c, onEnd) => relayTo(prosodyUrl(settings), c.req.raw, addressOf(c), onEnd) },
    webhooks: webhooks.dependencies,
    asset: readAsset,
    ...demoDir && { demo: (file) => readDemo(demoDir, file) },
    metrics,
    limits: createTokenBuckets(settings.limits, { onMet: metrics.countLimit }),
    clientAddress: (c) => countedAs(addressOf(c)),
    checks: async () => ({
      database: await checkDatabase(hub.status().head),
      prosody: checkProsody(prosody.status()),
      webhooks: await webhooks.check(),
    }),
  });

  return {
    fetch: app.fetch,
    async stop(shutdown = () => Promise.resolve()) {
      // Readers first: a server that shuts down closes WebSockets with a code of its own.
      keyWatch.stop();
      const told = webhooks.stop();
      await within(2, "the stream", hub.stop());
      await within(2, "webhooks", told);
      const closed = shutdown();
      // Everything accepted is stored before Prosody and the database are let go.
      await within(4, "what is being stored", recorder.drain());
      await within(2, "Prosody", prosody.stop());
      await within(2, "requests", Promise.all([closed, stopTidying()]));
      await pool.end({ timeout: 1 });
    },
  };
}

/** Where the database is. Throws a {@link Failure} where a setting is missing that only `start` can do without. */
function requireDatabase({ databaseUrl, secrets }: Settings): string {
  if (!databaseUrl) throw new Failure("DATABASE_URL is not set: `deno task start` brings a database");
  if (secrets.length === 0) throw new Failure("TALKY_SECRET is not set: `deno task start` makes one");
  return databaseUrl;
}

/** Waits so many seconds for a part of the stop, which together are less than what service managers grant. */
async function within(seconds: number, what: string, work: Promise<unknown>): Promise<void> {
  const { promise: patience, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), seconds * 1000);
  try {
    if (await Promise.race([work, patience]) === "late") {
      log.warning("Stopping does not wait for {what}", { what });
    }
  } catch (error) {
    log.warning("Stopping: {what} failed: {error}", { what, error });
  } finally {
    clearTimeout(timer);
  }
}

let here: Promise<Works> | undefined;

/** The one of this thread, started when first needed; a start that failed is tried again. */
function worksHere(): Promise<Works> {
  here ??= (async () => {
    const settings = loadSettings();
    await configureLogging(settings);
    const works = await startWorks(settings);
    if (settings.production) {
      log.warning("`deno serve` has no timeouts: a proxy in front has to end what is slow (docs/deploy.md)");
    }
    let stopping: Promise<void> | undefined;
    const stop = () => stopping ??= works.stop().finally(() => Deno.exit(0));
    for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, stop);
    return works;
  })();
  here.catch((error) => {
    here = undefined;
    console.error(`talky: ${error instanceof Failure ? error.message : error.stack}`);
  });
  return here;
}

/** Rejects with a {@link Failure} where the database cannot be used as it is. */
async function assertUsable(pool: Sql): Promise<void> {
  try {
    await assertFit(pool);
    if (await isMigrated(pool)) return;
  } catch (error) {
    await pool.end({ timeout: 1 });
    throw new Failure(`the database cannot be used: ${error instanceof Error ? error.message : error}`);
  }
  await pool.end({ timeout: 1 });
  throw new Failure("the database's schema is not the current one: run `deno task migrate`");
}
