/**
 * Processes that may outlive their parent: recognised again later, waited for, ended.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";

/** The command line of a living process, empty when there is none. */
export function commandLine(pid: number): Promise<string> {
  return ask(pid, 'cat "/proc/$0/cmdline"', "args");
}

/** The process that started another, or that has inherited it. */
export async function parentOf(pid: number): Promise<number> {
  return Number(await ask(pid, 'sed "s/.*) . //; s/ .*//" "/proc/$0/stat"', "ppid"));
}

/** The processes that a process has started, as far as they live. */
export async function childrenOf(pid: number): Promise<number[]> {
  const script = 'if [ -d /proc/self ]; then cat "/proc/$0/task/$0/children"; else pgrep -P "$0"; fi';
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script, String(pid)] }).output();
  return (new TextDecoder().decode(stdout).match(/\d+/g) ?? []).map(Number);
}

/** The process whose id a file begins with, when it lives and its command line contains `text`. */
export async function livingProcess(pidFile: string, text: string): Promise<number | undefined> {
  const pid = Number.parseInt(await Deno.readTextFile(pidFile).catch(() => ""));
  return pid > 0 && (await commandLine(pid)).includes(text) ? pid : undefined;
}

/** Resolves when a process, ours or not, has ended; looks every `interval` milliseconds. */
export async function ended(pid: number, interval = 1000): Promise<void> {
  while (await commandLine(pid) !== "") await delay(interval);
}

/** Ends a process: SIGTERM, then SIGKILL after `patience` milliseconds. Resolves when it has gone. */
export async function end(pid: number, patience: number): Promise<void> {
  kill(pid, "SIGTERM");
  const timer = setTimeout(() => kill(pid, "SIGKILL"), patience);
  await ended(pid, 50).finally(() => clearTimeout(timer));
}

/** Sends a signal. A process that has gone already is no error. */
export function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** How many bytes long the files may become that a process writes (RLIMIT_FSIZE); Linux only. */
export async function limitFiles(pid: number, bytes: number): Promise<void> {
  const soft = Number.isFinite(bytes) ? String(bytes) : "unlimited";
  const args = ["--pid", String(pid), `--fsize=${soft}:unlimited`];
  const { success, stderr } = await new Deno.Command("prlimit", { args }).output();
  if (!success) throw new Error(`prlimit: ${new TextDecoder().decode(stderr).trim()}`);
}

// ---

/**
 * Asks the system about a process. Deno may not read `/proc` without every permission, so a shell does;
 * where there is no `/proc`, `ps` knows.
 */
async function ask(pid: number, linux: string, column: string): Promise<string> {
  const script = `if [ -d /proc/self ]; then ${linux}; else ps -o ${column}= -p "$0"; fi`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script, String(pid)] }).output();
  return new TextDecoder().decode(stdout).replaceAll("\0", " ").trim();
}
