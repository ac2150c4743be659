/**
 * What faults happen to: a service of several processes that dies, hangs, and comes back.
 *
 * @module
 */
import { kill } from "../../local/process.ts";
import { waitFor } from "./wait.ts";

/** One service of the stage. */
export interface Victim {
  /** As the report calls it. */
  readonly name: string;
  /** Its processes, the parent first; empty when it does not run. */
  pids(): Promise<readonly number[]>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  /** Where nobody has to: resolves when another process has come in place of `first`, by itself. */
  replaced?(first: number): Promise<void>;
}

/** What puts a service right to which something is done now: `mend`, where it is not replaced by itself. */
export async function putRight(victim: Victim, mend: () => Promise<void>): Promise<() => Promise<void>> {
  const [first = 0] = await victim.pids();
  return () => victim.replaced ? victim.replaced(first) : mend();
}

/** SIGKILL to all of a service at once, as the machine's end would be; resolves when nothing is left of it. */
export async function destroy(victim: Victim): Promise<void> {
  const pids = await signal(victim, "SIGKILL");
  // Also not as a zombie, which PostgreSQL would take for itself still running.
  await waitFor(`the end of ${victim.name}`, async () => !await isAnyLeft(pids));
}

/** Makes a service hang; its connections stay open, and nobody answers. */
export async function freeze(victim: Victim): Promise<void> {
  await signal(victim, "SIGSTOP");
}

/** Lets a hanging service go on. */
export async function thaw(victim: Victim): Promise<void> {
  await signal(victim, "SIGCONT");
}

// ---

async function isAnyLeft(pids: readonly number[]): Promise<boolean> {
  const script = 'for pid; do kill -0 "$pid" 2>/dev/null && exit; done; exit 1';
  const { success } = await new Deno.Command("sh", { args: ["-c", script, "sh", ...pids.map(String)] })
    .output();
  return success;
}

async function signal(victim: Victim, name: Deno.Signal): Promise<readonly number[]> {
  const pids = await victim.pids();
  for (const pid of pids) kill(pid, name);
  return pids;
}
