/**
 * The stage of the chaos: a PostgreSQL with a standby, a Prosody and two instances of the API of our own, in a folder
 * that goes when they do.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deriveKeys } from "../../auth/keys.ts";
import { signOperatorToken } from "../../auth/operator.ts";
import { readSettings } from "../../config.ts";
import { prepareDatabase } from "../../local/database.ts";
import { Failure } from "../../runtime/failure.ts";
import { requireProsody } from "../../local/install_prosody.ts";
import { outboxBytes } from "../../local/outbox_size.ts";
import { freePort } from "../../local/ports.ts";
import { startProsody } from "../../local/prosody.ts";
import { ApiVictim } from "./api_victim.ts";
import { Clock } from "./clock.ts";
import { PostgresPair } from "./postgres_pair.ts";
import { Relay } from "./relay.ts";
import { canMount, SmallDisk } from "./small_disk.ts";
import type { Victim } from "./victim.ts";

/** An instance of the API. */
export type Api = Victim & Pick<ApiVictim, "url" | "readiness" | "lastLines">;

/** What lies between those of the stage. */
export interface Network {
  /** Between the APIs and Prosody. */
  readonly xmpp: Relay;
  /** Between the APIs and each PostgreSQL. */
  readonly database: readonly Relay[];
  /** Between readers and each API. */
  readonly readers: readonly Relay[];
}

/** What else can be done to a stage. */
export interface Means {
  readonly pair: PostgresPair;
  /** Where Prosody's files are, as far as there are file systems of our own. */
  readonly disk: SmallDisk | undefined;
  readonly clocks: { readonly prosody: Clock; readonly apis: readonly Clock[] };
}

/** Everything that runs. */
export interface Stage extends AsyncDisposable {
  readonly dataDir: string;
  readonly databaseUrl: string;
  /** Of the XMPP hosts. */
  readonly domain: string;
  readonly apis: readonly [Api, ...Api[]];
  readonly postgres: Victim;
  readonly prosody: Victim;
  /** What there is besides where the stage is ours. */
  readonly means?: Means;
  /** Whether Prosody tells who is in its rooms (`modules/mod_chaos_roster.lua`). */
  readonly hasRoster: boolean;
  readonly network: Network;
  /** Lets its bearer read, for as long as a run may take; undefined where nobody reads. */
  readonly token: string | undefined;
  /** Runs a command in `prosodyctl shell`. */
  shell(...words: string[]): Promise<void>;
  /** Whether Prosody's outbox has reached its bound. */
  isOutboxFull(): Promise<boolean>;
  /** Every API is ready, and Prosody feeds one of them. */
  isReady(): Promise<boolean>;
  /** How the APIs are, and what they have logged last: for a person who has to find out why. */
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

  const isolated = await canMount();
  const postgres = services.use(await PostgresPair.make(dataDir, isolated));
  await prepareDatabase(postgres.url);
  const disk = isolated ? services.use(await SmallDisk.mount(join(dataDir, "prosody"), 32)) : undefined;
  const clock = await Clock.make(join(dataDir, "prosody.clock"));
  const byClock = await goingBy(clock, program, join(dataDir, "prosody.sh"));
  const { prosody, settings, url } = await bringProsody(dataDir, byClock, services);
  const xmpp = services.use(new Relay(settings.xmpp.port));
  const database = postgres.ports.map((port) => services.use(new Relay(port)));
  const hosts = database.map(({ port }) => `127.0.0.1:${port}`);

  const environment = {
    DATABASE_URL: postgres.url.replace(/127\.0\.0\.1:\d+/, hosts.join()),
    TALKY_SECRET: settings.secrets.join(","),
    TALKY_XMPP_DOMAIN: settings.xmpp.domain,
    TALKY_XMPP_URL: `ws://127.0.0.1:${xmpp.port}/xmpp-websocket`,
    // The clients' network does not break: what they do is the truth.
    TALKY_XMPP_PUBLIC_URL: url,
    TALKY_DEMO: "off",
    LOG_LEVEL: "warning",
  };
  const bringApi = async (number: number) => {
    const clock = await Clock.make(join(dataDir, `api-${number}.clock`));
    const log = join(dataDir, `api-${number}.log`);
    const api = services.use(new ApiVictim({ ...environment, ...clock.environment }, log));
    await api.start();
    clocks.push(clock);
    return api;
  };
  const clocks: Clock[] = [];
  const apis = [await bringApi(1), await bringApi(2)] as const;
  const readers = apis.map(({ url }) => services.use(new Relay(Number(new URL(url).port))));

  const all = services.move();
  return {
    dataDir,
    get databaseUrl() {
      return postgres.url;
    },
    ...{ apis, postgres, prosody, domain: settings.xmpp.domain, hasRoster: true },
    network: { xmpp, database, readers },
    means: { pair: postgres, disk, clocks: { prosody: clock, apis: clocks } },
    token: await signOperatorToken(await deriveKeys(settings.secrets[0]!), "read", 86_400),
    shell: (...words) => runShell(program, dataDir, words),
    async isOutboxFull() {
      return await outboxBytes(dataDir) >= outboxMaxBytes;
    },
    isReady: () => areReady(apis),
    describe: () => describe(apis),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Whether every instance is ready, and one is fed. */
export async function areReady(apis: readonly Api[]): Promise<boolean> {
  const states = await Promise.all(apis.map((api) => api.readiness()));
  return states.every((state) => state?.status === 200) && states.some((state) => state?.fed);
}

/** How instances are, and what they have logged last. */
export async function describe(apis: readonly Api[]): Promise<string> {
  const lines = apis.map(async (api) =>
    `${api.url}: ${JSON.stringify(await api.readiness() ?? "no answer")}\n${await api.lastLines(10)}`
  );
  return (await Promise.all(lines)).join("\n");
}

// ---

const modules = fileURLToPath(new URL("modules", import.meta.url));

/** So little that the outbox is full within seconds when nobody reads it. */
const outboxMaxBytes = 512 * 1024;

async function runShell(program: string, dataDir: string, words: readonly string[]): Promise<void> {
  const config = join(dataDir, "prosody/prosody.cfg.lua");
  const { success, stderr } = await new Deno.Command(join(dirname(program), "prosodyctl"), {
    args: [...Deno.uid() === 0 ? ["--root"] : [], "--config", config, "shell", ...words],
    stdin: "null",
  }).output();
  if (!success) throw new Failure(`prosodyctl shell: ${new TextDecoder().decode(stderr).trim()}`);
}

/** A program that goes by a clock: the same one, started with what that takes. */
async function goingBy(clock: Clock, program: string, path: string): Promise<string> {
  const settings = Object.entries(clock.environment).map(([name, value]) => `${name}='${value}'`);
  await Deno.writeTextFile(path, `#!/bin/sh\nexec env ${settings.join(" ")} '${program}' "$@"\n`, {
    mode: 0o755,
  });
  return path;
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
  const overrides = {
    outboxMaxBytes,
    moreModules: {
      folder: modules,
      rooms: ["chaos_roster", "admin_shell"],
      requests: ["get urn:chaos:roster roster"],
    },
  };
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
