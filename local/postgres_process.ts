/**
 * The processes of an embedded PostgreSQL: which they are, whether they answer, how to be rid of them.
 *
 * @module
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { childrenOf, commandLine, kill } from "./process.ts";
import { answerWithin, type Health } from "./supervise.ts";

/** Whether a PostgreSQL runs on a cluster (its folder). */
export async function isRunning(cluster: string): Promise<boolean> {
  const pidFile = join(cluster, "postmaster.pid");
  const pid = await postmasterOf(cluster);
  const process = pid > 0 ? await commandLine(pid) : "";
  if (process.includes(cluster)) return true;
  // After a crash the id may be another program's by now (always so in containers), which PostgreSQL
  // would take for itself still running.
  if (process) await Deno.remove(pidFile);
  return false;
}

/** Whether it answers, at once or soon: it may just be starting, or have much to do. */
export async function isHealthy(cluster: string, port: number): Promise<boolean> {
  for (let tries = 0; tries < 5; tries++) {
    if (await healthOf(cluster, port, answerWithin) === "well") return true;
    await delay(500);
  }
  return false;
}

/** How the PostgreSQL on a port of this machine is. Answers within so many milliseconds. */
export async function healthOf(cluster: string, port: number, within: number): Promise<Health> {
  let connection: Deno.TcpConn | undefined;
  const { promise: late, resolve } = Promise.withResolvers<Health>();
  const timer = setTimeout(() => resolve("silent"), within);
  const ask = async (): Promise<Health> => {
    try {
      connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(sslRequest);
      if (await connection.read(new Uint8Array(1)) === 1) return "well";
    } catch {
      // What it is shows in whether it runs.
    }
    return await isRunning(cluster) ? "silent" : "gone";
  };
  const answer = await Promise.race([ask(), late]);
  clearTimeout(timer);
  try {
    connection?.close();
  } catch {
    // It is closed already.
  }
  return answer;
}

/**
 * Kills every process of a cluster. One that is stopped or spins listens to nothing less, and as long as a single
 * one is left, no other PostgreSQL starts there.
 */
export async function destroy(cluster: string): Promise<void> {
  while (true) {
    const left = await processesOf(cluster);
    if (left.length === 0) break;
    for (const pid of left) kill(pid, "SIGKILL");
    await delay(50);
  }
  // Its process id may be a zombie's, which PostgreSQL would take for itself still running.
  await Deno.remove(join(cluster, "postmaster.pid")).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

// ---

/** Asks whether TLS is spoken (PostgreSQL's protocol, "SSLRequest"): takes no login, and a new process answers. */
const sslRequest = new Uint8Array([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

async function postmasterOf(cluster: string): Promise<number> {
  return Number.parseInt(await Deno.readTextFile(join(cluster, "postmaster.pid")).catch(() => "")) || 0;
}

/** All that work in the cluster's folder; where there is no `/proc` to tell, the first one and its children. */
async function processesOf(cluster: string): Promise<number[]> {
  if (Deno.build.os === "linux") {
    const folder = await Deno.realPath(cluster).catch(() => undefined);
    if (folder === undefined) return [];
    // Not zombies, which have no folder any more.
    const script = "find /proc/[0-9]* -maxdepth 1 -name cwd -printf '%p %l\\n'";
    const { stdout } = await new Deno.Command("sh", { args: ["-c", script], stderr: "null" }).output();
    const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line.endsWith(` ${folder}`));
    return lines.map((line) => Number(line.split("/")[2]));
  }
  const pid = await postmasterOf(cluster);
  const runs = pid > 0 && (await commandLine(pid)).includes(cluster);
  return runs ? [pid, ...await childrenOf(pid)] : [];
}
