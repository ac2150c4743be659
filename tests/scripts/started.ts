/**
 * A `deno task start` for a test.
 *
 * @module
 */
import { freePort } from "../../local/ports.ts";
import { until } from "../harness/wait.ts";
import { spawnTask } from "./task.ts";
import type { TemporaryFolder } from "./temporary_folder.ts";

/** A `deno task start` at work in a folder. */
export async function start(folder: TemporaryFolder, settings: Record<string, string>) {
  const child = spawnTask("start", [], folder.path, settings);
  let output = "";
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) output += text;
  });
  await until("it is up", async () => {
    const response = await fetch(`http://127.0.0.1:${settings["PORT"]}/readyz`);
    await response.body?.cancel();
    return response.ok;
  }, { timeout: 90_000 }).catch((error) => {
    child.kill("SIGKILL");
    throw new Error(`${error.message}\n${output}`);
  });
  return {
    pid: child.pid,
    output: () => output,
    async end(signal: Deno.Signal): Promise<number> {
      child.kill(signal);
      const { code } = await child.status;
      await Promise.all(reading);
      return code;
    },
  };
}

/** Ports that nobody has. */
export const ports = () => ({ PORT: String(freePort()), TALKY_PROSODY_PORT: String(freePort()) });

/** The process id that a file in the data directory begins with. */
export async function pidIn(folder: TemporaryFolder, file: string): Promise<number> {
  return Number.parseInt(await Deno.readTextFile(`${folder.path}/.data/${file}`));
}

/** Whether the service says that it is ready, and what it says. */
export async function readiness(settings: Record<string, string>) {
  const response = await fetch(`http://127.0.0.1:${settings["PORT"]}/readyz`);
  return { ready: response.ok, checks: (await response.json()).checks };
}
