/**
 * The local Prosody: configured from the settings, started, watched over, ended.
 *
 * It is a process of its own that logs to a file, so calls outlive an API that was killed: the next
 * `start` finds it by its process id and takes it over, unless the settings have changed since.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Keys, sessionKeyTexts } from "../auth/keys.ts";
import type { Settings } from "../config.ts";
import { prosodyConfig, type ProsodyConfigOptions } from "../prosody/config.ts";
import { Failure } from "../runtime/failure.ts";
import { followLog, sizeOf } from "./log_follower.ts";
import { isPortFree } from "./ports.ts";
import { end, livingProcess } from "./process.ts";
import {
  adoptProsody,
  answersHttp,
  type ProsodyFiles,
  type ProsodyProcess,
  runProsody,
} from "./prosody_process.ts";
import { answerWithin, supervise } from "./supervise.ts";

/** A running Prosody. */
export interface Prosody {
  /** Its WebSocket, for clients on this machine. */
  readonly url: string;
  /** Process id of the one that runs now. */
  readonly pid: number;
  /** It was running already. */
  readonly adopted: boolean;
  /** Has it take other keys, while calls go on (ADR 0016). Credentials are good by them a moment later. */
  reload(keys: Keys): Promise<void>;
  /** Ends it: SIGTERM, on which it records every leave, then SIGKILL after `patience` milliseconds. */
  stop(patience?: number): Promise<void>;
}

/** What to run, and how. */
export interface ProsodyOptions {
  readonly settings: Settings;
  readonly keys: Keys;
  /** Path of the program `prosody`. */
  readonly program: string;
  /** Told, in a line, what happens to it, and what it warns of. */
  readonly say?: (line: string) => void;
  /** Start it again when it dies, and replace it when it falls silent. Default true. */
  readonly supervised?: boolean;
  /** What tests want otherwise than the settings have it. */
  readonly overrides?: Partial<ProsodyConfigOptions>;
}

/** Brings up the Prosody of a data directory, or takes over the one that runs there. */
export async function startProsody(options: ProsodyOptions): Promise<Prosody> {
  const { settings, program, say = () => {}, supervised = true } = options;
  const home = join(resolve(settings.dataDir), "prosody");
  const files = {
    config: join(home, "prosody.cfg.lua"),
    pid: join(home, "prosody.pid"),
    log: join(home, "prosody.log"),
  };
  const url = localUrl(settings);
  const launch = () => {
    requirePort(settings);
    return runProsody(program, files, url);
  };

  const orphan = await settle(files, configuration(options, home), say);
  let stopping = false;
  const follower = followLog(files.log, await sizeOf(files.log), (line) => {
    const [, level, message] = /\s(warn|error)\t(.*)/.exec(line) ?? [];
    if (level && !stopping) say(`Prosody ${level}: ${message}`);
  });
  let process: ProsodyProcess;
  let adopted: ProsodyProcess | undefined;
  try {
    adopted = orphan ? await adoptProsody(orphan, url) : undefined;
    process = adopted ?? await launch();
  } catch (error) {
    await follower.stop();
    throw error;
  }

  const supervisor = supervised
    ? supervise({
      name: "Prosody",
      check: async () => process.over() ? "gone" : await answersHttp(url, answerWithin) ? "well" : "silent",
      ended: () => process.ended,
      async restart() {
        await endAll(files, 0);
        process = await launch();
      },
    }, say)
    : undefined;

  return {
    url,
    adopted: adopted !== undefined,
    get pid() {
      return process.pid;
    },
    async reload(keys) {
      await writeConfig(files.config, configuration({ ...options, keys }, home));
      Deno.kill(process.pid, "SIGHUP");
    },
    async stop(patience = 10_000) {
      stopping = true;
      // Not after a check that hangs: Prosody may well need to be killed.
      await Promise.all([supervisor?.stop(), endAll(files, patience)]);
      // A restart may have been under way.
      await endAll(files, patience);
      await follower.stop();
    },
  };
}

// ---

/** Ends the one that runs with these files, if any does. */
async function endAll(files: ProsodyFiles, patience: number): Promise<void> {
  const left = await livingProcess(files.pid, files.config);
  if (left) await end(left, patience);
}

/**
 * Leaves the configuration on disk and returns the process of an earlier start that runs with just this
 * configuration. One with other keys reads them again, and its calls go on; one that differs otherwise is ended.
 */
async function settle(
  files: ProsodyFiles,
  config: string,
  say: (line: string) => void,
): Promise<number | undefined> {
  await Deno.mkdir(join(dirname(files.config), "data"), { recursive: true });
  const running = await livingProcess(files.pid, files.config);
  const current = await Deno.readTextFile(files.config).catch(() => "");
  if (config === current) return running;
  if (running && withoutKeys(config) === withoutKeys(current)) {
    await writeConfig(files.config, config);
    Deno.kill(running, "SIGHUP");
    return running;
  }
  if (running) {
    say(`Prosody (process ${running}) runs with other settings: restarting it`);
    await end(running, 10_000);
  }
  await writeConfig(files.config, config);
}

/** Puts a configuration in its place whole, readable by us alone: it holds the session keys. */
async function writeConfig(path: string, config: string): Promise<void> {
  const draft = `${path}.new`;
  await Deno.remove(draft).catch(() => {});
  await Deno.writeTextFile(draft, config, { mode: 0o600 });
  await Deno.rename(draft, path);
}

const withoutKeys = (config: string) => config.replace(/^talky_session_key = .*$/m, "");

function configuration({ settings, keys, overrides }: ProsodyOptions, home: string): string {
  return prosodyConfig({
    domain: settings.xmpp.domain,
    dataDir: join(home, "data"),
    modulesDir: fileURLToPath(new URL("../prosody/modules", import.meta.url)),
    httpInterface: settings.host,
    httpPort: settings.xmpp.port,
    sessionKeys: sessionKeyTexts(keys),
    runAsRoot: Deno.uid() === 0,
    messageBodies: settings.messageBodies,
    outboxMaxBytes: settings.xmpp.outboxMaxBytes,
    outboxSyncMs: settings.xmpp.outboxSyncMs,
    logLevel: settings.logLevel === "warning" ? "warn" : settings.logLevel,
    ...overrides,
  });
}

/** Prosody itself goes on without a port it does not get, and only logs it. */
function requirePort({ host, xmpp }: Settings): void {
  let reason = "it is taken: end what listens there";
  try {
    if (isPortFree(host, xmpp.port)) return;
  } catch (error) {
    reason = (error as Error).message;
  }
  throw new Failure(`Prosody cannot have port ${xmpp.port} on ${host}: ${reason}, or set TALKY_PROSODY_PORT`);
}

/** Prosody's WebSocket from this machine: a host of all interfaces is no address to connect to. */
function localUrl({ host, xmpp }: Settings): string {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host;
  return `ws://${name}:${xmpp.port}/xmpp-websocket`;
}
