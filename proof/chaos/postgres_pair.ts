/**
 * A PostgreSQL and its standby, which has all that was committed: either may become the other.
 *
 * @module
 */
import { join } from "node:path";
import { connect, type Sql } from "../../db/connect.ts";
import { Failure } from "../../runtime/failure.ts";
import { freePort } from "../../local/ports.ts";
import { startPostgres } from "../../local/postgres.ts";
import { isRunning } from "../../local/postgres_process.ts";
import { childrenOf } from "../../local/process.ts";
import { SmallDisk } from "./small_disk.ts";
import { destroy, type Victim } from "./victim.ts";
import { waitFor } from "./wait.ts";

/** One of the two. */
interface Server extends Victim, AsyncDisposable {
  /** Its files are `postgres/` and `postgres.json` in here. */
  readonly folder: string;
  readonly port: number;
  /** What its files are on, where there are file systems of our own. */
  readonly disk: SmallDisk | undefined;
}

/** Both. As a victim it is the one that is written to. */
export class PostgresPair implements Victim, AsyncDisposable {
  readonly name = "PostgreSQL";
  readonly #servers: readonly [Server, Server];
  #primary: Server;
  #url = "";

  private constructor(one: Server, other: Server) {
    this.#servers = [one, other];
    this.#primary = one;
  }

  /** Makes both, below a folder; each on a file system of its own where that can be (`isolated`). */
  static async make(dataDir: string, isolated: boolean): Promise<PostgresPair> {
    const folders = [join(dataDir, "postgres-1"), join(dataDir, "postgres-2")] as const;
    await using pair = new AsyncDisposableStack();
    const one = pair.use(await makeServer(folders[0], isolated));
    const other = pair.use(await makeServer(folders[1], isolated));
    const made = new PostgresPair(one, other);
    const { url } = await startPostgres({ dataDir: one.folder, port: one.port });
    made.#url = url;
    await made.#administer(async (sql) => {
      await sql`alter system set max_wal_size = '128MB'`;
      await sql`alter system set wal_keep_size = '64MB'`;
      await sql`select pg_reload_conf()`;
    });
    await made.follow();
    pair.move();
    return made;
  }

  /** Ports of both. */
  get ports(): readonly [number, number] {
    const [one, other] = this.#servers;
    return [one.port, other.port];
  }

  /** URL of the one that is written to. */
  get url(): string {
    const url = new URL(this.#url);
    url.port = String(this.#primary.port);
    return url.href;
  }

  pids(): Promise<readonly number[]> {
    return this.#primary.pids();
  }

  start(): Promise<void> {
    return this.#primary.start();
  }

  /** What the files of the one that is written to are on. */
  get disk(): SmallDisk | undefined {
    return this.#primary.disk;
  }

  /** Starts the primary where it has died. */
  async revive(): Promise<void> {
    if (!await isRunning(join(this.#primary.folder, "postgres"))) await this.#primary.start();
  }

  /** The primary dies, and the standby takes its place. It waits for nobody, as it has no standby. */
  async failOver(): Promise<void> {
    await destroy(this.#primary);
    this.#primary = this.#standby;
    await this.#administer(async (sql) => {
      await sql`select pg_promote(true, 60)`;
      await sql`alter system reset synchronous_standby_names`;
      await sql`select pg_reload_conf()`;
    });
  }

  /** The other one becomes a standby, from a copy; from then on every commit waits for it. */
  async follow(): Promise<void> {
    const { folder, port, start } = this.#standby;
    await this.#administer(async (sql) => {
      // Of the cluster as it is, while it is written to (PostgreSQL's manual, §25.3.4).
      await sql.begin(async (session) => {
        await session`select pg_backup_start('chaos', true)`;
        await copy(this.#primary.folder, folder);
        const [row] = await session`select labelfile as label from pg_backup_stop(false)`;
        await configure(folder, row!["label"], this.#url, this.#primary.port);
      });
      await start();
      await waitFor(`a standby on port ${port}`, async () => {
        return (await sql`select 1 from pg_stat_replication where state = 'streaming'`).length > 0;
      });
      await sql`alter system set synchronous_standby_names = '*'`;
      await sql`select pg_reload_conf()`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
  }

  get #standby(): Server {
    return this.#servers.find((server) => server !== this.#primary)!;
  }

  async #administer(work: (sql: Sql) => Promise<void>): Promise<void> {
    const sql = connect(this.url.replace(/[^/]*$/, "postgres"), { max: 1, name: "talky-chaos" });
    await work(sql).finally(() => sql.end());
  }
}

// ---

/** Large enough for what a run of half an hour writes. */
const megabytes = 768;

async function makeServer(folder: string, isolated: boolean): Promise<Server> {
  const port = freePort();
  const disk = isolated ? await SmallDisk.mount(folder, megabytes) : undefined;
  const server: Server = {
    name: "PostgreSQL",
    folder,
    port,
    disk,
    async pids() {
      const pidFile = join(folder, "postgres/postmaster.pid");
      const pid = Number.parseInt(await Deno.readTextFile(pidFile).catch(() => ""));
      return pid > 0 ? [pid, ...await childrenOf(pid)] : [];
    },
    async start() {
      await startPostgres({ dataDir: folder, port });
    },
    async [Symbol.asyncDispose]() {
      await destroy(server);
      await disk?.[Symbol.asyncDispose]();
    },
  };
  return server;
}

/** Files keep their owner. Those that go meanwhile are no loss: the log has what was in them. */
async function copy(from: string, to: string): Promise<void> {
  const script = `mkdir -p "$2" && rm -rf "$2/postgres" && cp -p "$1/postgres.json" "$2/" &&
    { cp -a "$1/postgres" "$2/"; rm -f "$2/postgres/postmaster.pid" "$2/postgres/standby.signal"; }`;
  const { success, stderr } = await new Deno.Command("sh", { args: ["-c", script, "sh", from, to] }).output();
  if (!success) throw new Failure(`the cluster is not copied: ${new TextDecoder().decode(stderr).trim()}`);
}

async function configure(folder: string, label: string, url: string, primary: number): Promise<void> {
  const cluster = join(folder, "postgres");
  const { uid, gid } = await Deno.stat(cluster);
  const { password } = new URL(url);
  const conninfo = `host=127.0.0.1 port=${primary} user=talky password=${password}`;
  const files = {
    "backup_label": label,
    "standby.signal": "",
    // Of several lines the last counts.
    "postgresql.auto.conf": await Deno.readTextFile(join(cluster, "postgresql.auto.conf")) +
      `primary_conninfo = '${conninfo}'\nwal_retrieve_retry_interval = '200ms'\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(cluster, name);
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    if (Deno.uid() === 0) await Deno.chown(path, uid, gid);
  }
}
