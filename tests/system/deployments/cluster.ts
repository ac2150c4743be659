/**
 * Debian's PostgreSQL in clusters of a test's own: in any encoding, with TLS, with a standby that can be promoted.
 *
 * @module
 */
import { freePort } from "../../../local/ports.ts";
import { type Account, postgresAccount } from "../../../local/postgres_account.ts";

/** How a cluster is made. */
export interface ClusterOptions {
  /** Default UTF8. */
  readonly encoding?: string;
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[];
  /** Lines of pg_hba.conf that come before `scram-sha-256` for everybody. */
  readonly access?: readonly string[];
  /** PEM texts: with them the server has TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A running server. */
export interface Cluster extends AsyncDisposable {
  readonly port: number;
  readonly password: string;
  /** Folder of its Unix socket. */
  readonly folder: string;
  /** URL of a database, by default of `talky`. */
  url(database?: string, port?: number): string;
  /** Ends it; `immediate` is as good as a crash. */
  stop(mode?: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
  /** Makes another that follows this one. */
  standby(): Promise<Cluster>;
  /** Ends recovery: a standby becomes a primary. */
  promote(): Promise<void>;
}

/** The major version that is installed. */
export function installedVersion(): string {
  return programs.split("/").at(-2)!;
}

/** Makes a cluster and starts it. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { encoding = "UTF8", settings = [], access = [], tls } = options;
  const account = await postgresAccount([programs], console.error);
  const folder = await ownFolder(account);
  const password = crypto.getRandomValues(new Uint8Array(8)).toHex();
  await write(account, `${folder}/password`, password);
  await run(account, "initdb", [
    ...["-D", `${folder}/data`, "-U", "talky", "--pwfile", `${folder}/password`, "--auth", "scram-sha-256"],
    ...["--encoding", encoding, "--no-locale", "--no-sync"],
  ]);
  if (tls) {
    await write(account, `${folder}/data/server.crt`, tls.cert);
    await write(account, `${folder}/data/server.key`, tls.key);
  }
  await write(
    account,
    `${folder}/data/postgresql.auto.conf`,
    [
      ...["listen_addresses = '127.0.0.1'", `unix_socket_directories = '${folder}'`, "max_connections = 150"],
      ...["fsync = off", "synchronous_commit = off", "log_checkpoints = off", "wal_keep_size = 512"],
      ...tls ? ["ssl = on"] : [],
      ...settings,
      "",
    ].join("\n"),
  );
  const rules = await Deno.readTextFile(`${folder}/data/pg_hba.conf`);
  await write(account, `${folder}/data/pg_hba.conf`, [...access, rules].join("\n"));
  return await open(account, folder, password);
}

// ---

/** Folder of the newest version's programs. */
const programs = (() => {
  const root = "/usr/lib/postgresql";
  const versions = [...Deno.readDirSync(root)].map(({ name }) => name).sort((a, b) => Number(b) - Number(a));
  return `${root}/${versions[0]}/bin`;
})();

async function open(account: Account, folder: string, password: string): Promise<Cluster> {
  const port = freePort();
  const data = `${folder}/data`;
  const start = async () => {
    const log = `${folder}/server.log`;
    try {
      await run(account, "pg_ctl", ["start", "-D", data, "-l", log, "-o", `-p ${port}`, "-w", "-t", "120"]);
    } catch (error) {
      throw new Error(await Deno.readTextFile(log).catch(() => ""), { cause: error });
    }
  };
  const stop: Cluster["stop"] = (mode = "fast") =>
    run(account, "pg_ctl", ["stop", "-D", data, "-m", mode, "-w", "-t", "120"]);
  await start();
  return {
    port,
    password,
    folder,
    url: (database = "talky", at = port) => `postgres://talky:${password}@127.0.0.1:${at}/${database}`,
    stop,
    start,
    async standby() {
      const other = await ownFolder(account);
      const source = `host=127.0.0.1 port=${port} user=talky password=${password}`;
      await run(account, "pg_basebackup", [
        ...["-D", `${other}/data`, "-d", source, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"],
      ]);
      const settings = await Deno.readTextFile(`${other}/data/postgresql.auto.conf`);
      await write(account, `${other}/data/postgresql.auto.conf`, settings.replaceAll(folder, other));
      return await open(account, other, password);
    },
    promote: () => run(account, "pg_ctl", ["promote", "-D", data, "-w", "-t", "120"]),
    async [Symbol.asyncDispose]() {
      await stop("immediate").catch(() => {});
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Where the account may write, and we may, too. */
async function ownFolder({ owner }: Account): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "talky-cluster-" });
  await Deno.chmod(folder, 0o755);
  if (owner) await Deno.chown(folder, owner.uid, owner.gid);
  return folder;
}

async function write({ owner }: Account, path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  if (owner) await Deno.chown(path, owner.uid, owner.gid);
}

async function run(account: Account, program: string, args: readonly string[]): Promise<void> {
  const [command = "", ...rest] = [...account.prefix, `${programs}/${program}`, ...args];
  const output = await new Deno.Command(command, { args: rest, cwd: "/", env: { LC_ALL: "C" } }).output();
  if (!output.success) throw new Error(`${program}: ${new TextDecoder().decode(output.stderr).trim()}`);
}
