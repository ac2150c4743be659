/**
 * One run of Prosody, from the shell that starts it to its first answer over HTTP.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../runtime/failure.ts";
import { readFrom, sizeOf } from "./log_follower.ts";
import { end, ended, kill } from "./process.ts";

/** Where one Prosody keeps what we need to find it again. Absolute paths. */
export interface ProsodyFiles {
  readonly config: string;
  readonly pid: string;
  readonly log: string;
}

/** A Prosody that runs. */
export interface ProsodyProcess {
  readonly pid: number;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** Whether it has ended. */
  over(): boolean;
}

/** Starts `program` and resolves once it answers at `url`; fails, with what it logged, when it does not. */
export async function runProsody(program: string, files: ProsodyFiles, url: string): Promise<ProsodyProcess> {
  const logged = await sizeOf(files.log);
  const child = new Deno.Command("sh", {
    args: ["-c", script, "talky-prosody", files.pid, files.log, program, files.config],
    // Not of our process group: Ctrl-C is for us, and we end Prosody when the API has drained.
    detached: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();

  let over = false;
  const ending = child.status.finally(() => over = true);
  const deadline = Date.now() + 20_000;
  while (!await answersHttp(url)) {
    if (over || Date.now() > deadline) {
      kill(child.pid, "SIGKILL");
      await ending;
      const log = new TextDecoder().decode(await readFrom(files.log, logged)).trim();
      const reason = [...log.matchAll(/\serror\t(.*)/g)].at(-1)?.[1] ?? log.split("\n").at(-1) ?? "";
      throw new Failure(`Prosody does not start: ${reason} (see ${files.log})`);
    }
    await delay(50);
  }
  return { pid: child.pid, ended: ending, over: () => over };
}

/** The Prosody that an earlier `start` has left running; ended, and undefined, when it does not answer. */
export async function adoptProsody(pid: number, url: string): Promise<ProsodyProcess | undefined> {
  const deadline = Date.now() + 10_000;
  while (!await answersHttp(url)) {
    if (Date.now() > deadline) return void await end(pid, 0);
    await delay(50);
  }
  let over = false;
  return { pid, ended: ended(pid).then(() => over = true), over: () => over };
}

/** Whether a Prosody answers at `url` within so many milliseconds. */
export async function answersHttp(url: string, within = 1000): Promise<boolean> {
  try {
    const response = await fetch(url.replace(/^ws/, "http"), { signal: AbortSignal.timeout(within) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

// ---

/** Leaves its own process id, logs to a file, becomes Prosody. A limit on files is an error there, not its end. */
const script = 'umask 077; trap "" XFSZ; echo $$ > "$1"; exec "$3" --config "$4" -F >> "$2" 2>&1';
