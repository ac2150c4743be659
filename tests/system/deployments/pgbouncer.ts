/**
 * A real PgBouncer in front of a server.
 *
 * @module
 */
import { freePort } from "../../../local/ports.ts";
import { kill } from "../../../local/process.ts";
import { postgresAccount } from "../../../local/postgres_account.ts";
import { until } from "../../harness/wait.ts";

/** What it is in front of, and how it hands out connections. */
export interface PgBouncerOptions {
  /** URL of any database on the server. */
  readonly url: string;
  readonly mode: "session" | "transaction" | "statement";
  /** Connections to the server. */
  readonly size: number;
}

/** A running one. */
export interface PgBouncer extends AsyncDisposable {
  /** The URL by way of it. */
  through(url: string): string;
}

/** Starts one. */
export async function startPgBouncer({ url, mode, size }: PgBouncerOptions): Promise<PgBouncer> {
  const server = new URL(url);
  const account = await postgresAccount([], console.error);
  const folder = await Deno.makeTempDir({ prefix: "talky-pgbouncer-" });
  await Deno.chmod(folder, 0o755);
  const port = freePort();
  await Deno.writeTextFile(`${folder}/users`, `"${server.username}" "${server.password}"\n`, { mode: 0o644 });
  await Deno.writeTextFile(
    `${folder}/pgbouncer.ini`,
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${folder}/users
pool_mode = ${mode}
default_pool_size = ${size}
max_client_conn = 500
`,
    { mode: 0o644 },
  );
  const [command = "", ...prefix] = [...account.prefix, "/usr/sbin/pgbouncer"];
  const child = new Deno.Command(command, {
    args: [...prefix, `${folder}/pgbouncer.ini`],
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  let over = false;
  child.status.then(() => over = true);
  await until("PgBouncer listens", async () => {
    if (over) return true;
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.close();
    return true;
  }, { timeout: 30_000 });
  if (over) throw new Error(`PgBouncer does not start: ${await said}`);
  return {
    through(url) {
      const by = new URL(url);
      by.port = String(port);
      return by.href;
    },
    async [Symbol.asyncDispose]() {
      kill(child.pid, "SIGKILL");
      await child.status;
      await said;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
