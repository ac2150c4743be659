/**
 * An instance of the API as a process of its own, as `deno task serve` runs it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { settingNames } from "../../config.ts";
import { Failure } from "../../runtime/failure.ts";
import { freePort } from "../../local/ports.ts";
import type { Victim } from "./victim.ts";
import { waitFor } from "./wait.ts";

/** What an instance says of itself at `/readyz`. */
export interface Readiness {
  readonly status: number;
  /** Whether Prosody feeds it. */
  readonly fed: boolean;
  /** Records that wait in the outbox, as far as it knows. */
  readonly lag: number;
}

/** One instance. */
export class ApiVictim implements Victim, AsyncDisposable {
  readonly name = "API";
  readonly url: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #log: string;
  #process: Deno.ChildProcess | undefined;

  /** `settings` by their names in the environment; it logs to the file `log`. */
  constructor(settings: Readonly<Record<string, string>>, log: string) {
    const port = freePort();
    this.url = `http://127.0.0.1:${port}`;
    // The settings of the developer are not those of the stage.
    const none = Object.fromEntries(settingNames.map((name) => [name, ""]));
    this.#env = { ...none, ...settings, PORT: String(port), TALKY_PUBLIC_URL: this.url };
    this.#log = log;
  }

  pids(): Promise<readonly number[]> {
    return Promise.resolve(this.#process ? [this.#process.pid] : []);
  }

  async start(): Promise<void> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "-P=serve", `--config=${config}`, serve],
      cwd: "/",
      env: this.#env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#process = child;
    const log = await Deno.open(this.#log, { append: true, create: true });
    child.stderr.pipeTo(log.writable).catch(() => {});
    child.status.then(() => this.#process === child && (this.#process = undefined));
    await waitFor("the API to answer", async () => {
      if (this.#process !== child) throw new Failure(`the API does not start: see ${this.#log}`);
      return await this.readiness() !== undefined;
    });
  }

  /** How it is; undefined when it does not answer. */
  readiness(): Promise<Readiness | undefined> {
    return readReadiness(this.url);
  }

  /** What it has logged last. */
  async lastLines(count: number): Promise<string> {
    return (await Deno.readTextFile(this.#log)).trimEnd().split("\n").slice(-count).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#process;
    child?.kill("SIGTERM");
    await child?.status;
  }
}

/** How the instance at a URL is; undefined when it does not answer. */
export async function readReadiness(url: string): Promise<Readiness | undefined> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3000) });
    const { checks } = await response.json();
    return { status: response.status, fed: checks.prosody.active === true, lag: checks.prosody.lag ?? 0 };
  } catch {
    return undefined;
  }
}

// ---

const serve = fileURLToPath(new URL("../../scripts/serve.ts", import.meta.url));
const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
