/**
 * The service under test as a process of its own, so that it can be ended like the real one.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { deriveKeys } from "../../auth/keys.ts";
import { type Scope, signOperatorToken } from "../../auth/operator.ts";
import { freePort } from "../../local/ports.ts";
import { kill } from "../../local/process.ts";
import type { TestDatabase } from "./database.ts";
import type { TestProsody } from "./prosody.ts";
import { through } from "./through.ts";
import { until } from "./wait.ts";

/** What the service runs on. */
export interface TestServiceOptions {
  readonly database: Pick<TestDatabase, "url">;
  /** Without one the service runs, and is not ready. */
  readonly prosody?: Pick<TestProsody, "wsUrl" | "domain" | "secret">;
  /** More settings, by the names of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running service. */
export interface TestService extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** An operator's token with scope `read`. */
  readonly token: string;
  /** An operator's token with another scope. */
  tokenFor(scope: Scope): Promise<string>;
  /** What it has written to stdout and stderr so far. */
  logs(): string;
  /** Sends a signal and waits for the end. Returns the exit code. */
  kill(signal: Deno.Signal): Promise<number>;
  /** Ends it in good order. Returns the exit code. */
  stop(): Promise<number>;
}

/** Starts a service and waits until it is ready (without Prosody: until it answers). */
export async function testService({ database, prosody, env }: TestServiceOptions): Promise<TestService> {
  const port = Number(env?.["PORT"]) || freePort();
  const secret = prosody?.secret ?? env?.["TALKY_SECRET"] ?? crypto.randomUUID();
  const child = spawnService(port, secret, { database, ...prosody && { prosody }, ...env && { env } });

  const output: string[] = [];
  const outputs = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) output.push(text);
  });
  const logs = () => output.join("");
  let code: number | undefined;
  const ending = child.status.then(async (status) => {
    await Promise.all(outputs);
    return code = status.code;
  });
  const end = (signal: Deno.Signal) => {
    if (code === undefined) kill(child.pid, signal);
    return ending;
  };

  const url = `${env?.["TALKY_TLS_CERT"] ? "https" : "http"}://127.0.0.1:${port}`;
  using client = Deno.createHttpClient({
    caCerts: env?.["TALKY_TLS_CERT"] ? [await Deno.readTextFile(env["TALKY_TLS_CERT"])] : [],
  });
  try {
    await until("the service is ready", async () => {
      if (code !== undefined) return true;
      const response = await fetch(`${url}/${prosody ? "readyz" : "healthz"}`, through(client));
      await response.body?.cancel();
      return response.ok;
    }, { timeout: 20_000 });
    if (code !== undefined) throw new Error(`it ended with code ${code}`);
  } catch (error) {
    await end("SIGKILL");
    throw new Error(`the service does not start: ${logs()}`, { cause: error });
  }

  const keys = await deriveKeys(secret);
  const tokenFor = (scope: Scope) => signOperatorToken(keys, scope, 3600);
  return {
    url,
    port,
    pid: child.pid,
    token: await tokenFor("read"),
    tokenFor,
    logs,
    kill: end,
    stop: () => end("SIGTERM"),
    async [Symbol.asyncDispose]() {
      await end("SIGTERM");
    },
  };
}

// ---

function spawnService(
  port: number,
  secret: string,
  { database, prosody, env }: TestServiceOptions,
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    // As `deno task serve` does.
    args: [
      ...["run", "--quiet", "--no-prompt", "--v8-flags=--max-semi-space-size=8"],
      ...["-P=serve", `--config=${config}`, serve],
    ],
    // Not in the project's folder, whose .env is the developer's.
    cwd: "/",
    env: {
      PORT: String(port),
      DATABASE_URL: database.url,
      TALKY_SECRET: secret,
      TALKY_XMPP_URL: prosody?.wsUrl ?? `ws://127.0.0.1:${freePort()}/xmpp-websocket`,
      ...prosody && { TALKY_XMPP_DOMAIN: prosody.domain },
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

const serve = fileURLToPath(new URL("../../scripts/serve.ts", import.meta.url));
const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
