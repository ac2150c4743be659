/**
 * A `deno task start` as the stage of a chaos: what it has brought up dies and hangs, and nobody but itself puts
 * that right.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { settingNames } from "../../config.ts";
import { Failure } from "../../runtime/failure.ts";
import { freePort } from "../../local/ports.ts";
import { childrenOf } from "../../local/process.ts";
import { outboxBytes } from "../../local/outbox_size.ts";
import { readReadiness } from "./api_victim.ts";
import { Relay } from "./relay.ts";
import { type Api, areReady, describe, type Stage } from "./stage.ts";
import type { Victim } from "./victim.ts";
import { waitFor } from "./wait.ts";

/** Starts it, in a new folder. */
export async function startSupervised(): Promise<Stage> {
  await using services = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "talky-chaos-" });
  // Where we are root, PostgreSQL runs as somebody else, who has to pass.
  await Deno.chmod(folder, 0o711);
  services.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freePort();
  const dataDir = join(folder, "data");
  const log = join(folder, "start.log");
  const api = startTask(
    port,
    { TALKY_DATA_DIR: dataDir, TALKY_PROSODY_PORT: String(freePort()) },
    folder,
    log,
  );
  services.defer(() => api.end());
  await waitFor("everything to be up", async () => (await api.readiness())?.status === 200);
  const { password, port: databasePort } = JSON.parse(
    await Deno.readTextFile(join(dataDir, "postgres.json")),
  );

  // Nothing of ours lies in between.
  const relay = services.use(new Relay(port));
  const all = services.move();
  return {
    dataDir,
    databaseUrl: `postgres://talky:${password}@127.0.0.1:${databasePort}/talky`,
    domain: "talky-api.local",
    apis: [api],
    postgres: victimOf("PostgreSQL", join(dataDir, "postgres/postmaster.pid")),
    prosody: victimOf("Prosody", join(dataDir, "prosody/prosody.pid")),
    hasRoster: false,
    network: { xmpp: relay, database: [relay], readers: [relay] },
    token: undefined,
    shell: () => Promise.reject(new Error("nobody's hand")),
    isOutboxFull: async () => await outboxBytes(dataDir) >= 256 * 2 ** 20,
    isReady: () => areReady([api]),
    describe: () => describe([api]),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

// ---

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The task with the permissions that it has in `deno.json`, logging to a file. */
function startTask(port: number, settings: Record<string, string>, folder: string, log: string) {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(root, "deno.json")));
  const [, ...args]: string[] = tasks.start.command.split(" ");
  const url = `http://127.0.0.1:${port}`;
  const none = Object.fromEntries(settingNames.map((name) => [name, ""]));
  const child = new Deno.Command(Deno.execPath(), {
    args: args.map((word) => word.endsWith(".ts") ? join(root, word) : word)
      .toSpliced(1, 0, `--config=${join(root, "deno.json")}`),
    cwd: folder,
    env: { ...none, ...settings, PORT: String(port), TALKY_DEMO: "off", LOG_LEVEL: "warning", NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const file = Deno.openSync(log, { append: true, create: true });
  const outputs = [child.stdout, child.stderr].map(async (stream) => {
    for await (const bytes of stream) await file.write(bytes);
  });
  const readLog = async () => (await Deno.readTextFile(log)).trimEnd().split("\n");
  return {
    name: "start",
    url,
    pids: () => Promise.resolve([child.pid]),
    start: () => Promise.reject(new Error("nobody's hand")),
    readiness: () => readReadiness(url),
    lastLines: async (count: number) => (await readLog()).slice(-count).join("\n"),
    async end() {
      child.kill("SIGTERM");
      const { code } = await child.status;
      await Promise.all(outputs);
      file.close();
      if (code !== 0) throw new Failure(`start ended with code ${code}`);
    },
  } satisfies Api & { end(): Promise<void> };
}

/** A service by the file that holds its process id. */
function victimOf(name: string, pidFile: string): Victim {
  const first = async () => Number.parseInt(await Deno.readTextFile(pidFile).catch(() => "")) || 0;
  return {
    name,
    async pids() {
      const pid = await first();
      return pid > 0 ? [pid, ...await childrenOf(pid)] : [];
    },
    start: () => Promise.reject(new Error("nobody's hand")),
    async replaced(before) {
      await waitFor(`another ${name}`, async () => ![0, before].includes(await first()));
    },
  };
}
