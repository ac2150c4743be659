/**
 * The stage of the chaos: a PostgreSQL, a Prosody and two instances of the API of our own, in a folder
 * that goes when they do.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deriveKeys } from "../../auth/keys.ts";
import { readSettings } from "../../config.ts";
import { prepareDatabase } from "../../local/database.ts";
import { requireProsody } from "../../local/install_prosody.ts";
import { outboxBytes } from "../../local/outbox_size.ts";
import { freePort } from "../../local/ports.ts";
import { startPostgres } from "../../local/postgres.ts";
import { childrenOf } from "../../local/process.ts";
import { startProsody } from "../../local/prosody.ts";
import { ApiVictim } from "./api_victim.ts";
import { Relay } from "./relay.ts";
import type { Victim } from "./victim.ts";

/** Everything that runs. */
export interface Stage extends AsyncDisposable {
  readonly dataDir: string;
  readonly databaseUrl: string;
  /** Of the XMPP hosts. */
  readonly domain: string;
  readonly apis: readonly [ApiVictim, ApiVictim];
  readonly postgres: Victim;
  readonly prosody: Victim;
  /** Between the APIs and Prosody. */
  readonly relay: Relay;
  /** Whether Prosody's outbox has reached its bound. */
  isOutboxFull(): Promise<boolean>;
  /** Every API is ready, and Prosody feeds one of them. */
  isReady(): Promise<boolean>;
  /** How the APIs are, and what they have logged last: for whoever has to find out why. */
  describe(): Promise<string>;
}

/** Starts everything, in a new folder. */
export async function setStage(say: (line: string) => void): Promise<Stage> {
  const program = await requireProsody(say);
  const dataDir = await Deno.makeTempDir({ prefix: "talky-chaos-" });
  // Where we are root, PostgreSQL runs as somebody else, who has to pass.
  await Deno.chmod(dataDir, 0o711);
  await using services = new AsyncDisposableStack();
  services.defer(() => Deno.remove(dataDir, { recursive: true }));

  const { postgres, databaseUrl } = await bringPostgres(dataDir, services);
  await prepareDatabase(databaseUrl);
  const { prosody, settings, url } = await bringProsody(dataDir, program, services);
  const relay = services.use(new Relay(settings.xmpp.port));

  const environment = {
    DATABASE_URL: databaseUrl,
    TALKY_SECRET: settings.secret!,
    TALKY_XMPP_DOMAIN: settings.xmpp.domain,
    TALKY_XMPP_URL: `ws://127.0.0.1:${relay.port}/xmpp-websocket`,
    // The clients' network does not break: what they do is the truth.
    TALKY_XMPP_PUBLIC_URL: url,
    TALKY_DEMO: "off",
    LOG_LEVEL: "warning",
  };
  const bringApi = async (number: number) => {
    const api = services.use(new ApiVictim(environment, join(dataDir, `api-${number}.log`)));
    await api.start();
    return api;
  };
  const apis = [await bringApi(1), await bringApi(2)] as const;

  const all = services.move();
  return {
    ...{ dataDir, databaseUrl, apis, postgres, prosody, relay, domain: settings.xmpp.domain },
    async isOutboxFull() {
      return await outboxBytes(dataDir) >= outboxMaxBytes;
    },
    async isReady() {
      const states = await Promise.all(apis.map((api) => api.readiness()));
      return states.every((state) => state?.status === 200) && states.some((state) => state?.fed);
    },
    async describe() {
      const lines = apis.map(async (api) =>
        `${api.url}: ${JSON.stringify(await api.readiness() ?? "no answer")}\n${await api.lastLines(10)}`
      );
      return (await Promise.all(lines)).join("\n");
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

// ---

const modules = fileURLToPath(new URL("modules", import.meta.url));

/** So little that the outbox is full within seconds when nobody reads it. */
const outboxMaxBytes = 512 * 1024;

/** A durable one, on a port that stays: what it has committed outlives its end. */
async function bringPostgres(dataDir: string, services: AsyncDisposableStack) {
  const options = { dataDir, port: freePort() };
  let running = await startPostgres(options);
  // Whoever gave up in the middle of a fault leaves none to stop.
  services.defer(() => running.stop("immediate").catch(() => {}));
  const postgres: Victim = {
    name: "PostgreSQL",
    async pids() {
      const pidFile = await Deno.readTextFile(join(dataDir, "postgres/postmaster.pid")).catch(() => "");
      const pid = Number.parseInt(pidFile);
      return pid > 0 ? [pid, ...await childrenOf(pid)] : [];
    },
    async start() {
      running = await startPostgres(options);
    },
  };
  return { postgres, databaseUrl: running.url };
}

async function bringProsody(dataDir: string, program: string, services: AsyncDisposableStack) {
  const secret = crypto.randomUUID();
  const settings = readSettings({
    TALKY_DATA_DIR: dataDir,
    TALKY_PROSODY_PORT: String(freePort()),
    TALKY_SECRET: secret,
    TALKY_XMPP_DOMAIN: "talky.chaos",
  });
  const keys = await deriveKeys(secret);
  const overrides = { outboxMaxBytes, moreModules: { folder: modules, rooms: ["chaos_roster"] } };
  const launch = () => startProsody({ settings, keys, program, supervised: false, overrides });
  let running = await launch();
  services.defer(() => running.stop());
  const prosody: Victim = {
    name: "Prosody",
    pids: () => Promise.resolve([running.pid]),
    async start() {
      await running.stop();
      running = await launch();
    },
  };
  return { prosody, settings, url: running.url };
}
