/**
 * The service under test on Cloudflare's runtime.
 *
 * @module
 */
import { deriveKeys, type Keys } from "../../auth/keys.ts";
import { signOperatorToken } from "../../auth/operator.ts";
import { freePort } from "../../local/ports.ts";
import { bundleWorker, startWorkerd } from "../../local/workerd.ts";
import type { TestDatabase } from "./database.ts";
import type { TestProsody } from "./prosody.ts";

/** What the Worker runs on. */
export interface TestWorkerdOptions {
  readonly database: Pick<TestDatabase, "url">;
  /** With one, a Durable Object ingests from it. */
  readonly prosody?: Pick<TestProsody, "wsUrl" | "domain" | "secret">;
  /** More settings, by the names of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running Worker. */
export interface TestWorkerd extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly keys: Keys;
  /** An operator's token with scope `read`. */
  readonly token: string;
  /** Milliseconds from the runtime's start to its first answer. */
  readonly startup: number;
}

/** Bundles the Worker and starts it. */
export async function testWorkerd({ database, prosody, env }: TestWorkerdOptions): Promise<TestWorkerd> {
  const port = freePort();
  const settings = {
    TALKY_PUBLIC_URL: `http://127.0.0.1:${port}`,
    // A Worker is production; some tests read without a ticket.
    TALKY_ACCESS_TOKEN_IN_QUERY: "on",
    DATABASE_URL: database.url,
    TALKY_SECRET: prosody?.secret ?? crypto.randomUUID(),
    TALKY_XMPP_URL: prosody?.wsUrl ?? "ws://127.0.0.1:9/xmpp-websocket",
    ...prosody && { TALKY_XMPP_DOMAIN: prosody.domain },
    ...env,
  };
  const folder = await Deno.makeTempDir({ prefix: "talky-worker-" });
  try {
    const script = `${folder}/worker.mjs`;
    await bundleWorker(script);
    const began = performance.now();
    const worker = await startWorkerd({ script, settings, ingest: prosody !== undefined, port });
    const startup = performance.now() - began;
    const keys = await deriveKeys(settings.TALKY_SECRET);
    return {
      url: worker.url,
      keys,
      token: await signOperatorToken(keys, "read", 3600),
      startup,
      [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
