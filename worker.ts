/**
 * The service on Cloudflare Workers: the same app as on Deno. Requests are answered where they arrive, each
 * with a database client of its own; the live stream lives in a Durable Object, and so may ingest.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, ExecutionContext } from "hono";
import { databaseRecorder, prosodyUrl, routeSettings } from "./runtime/assemble.ts";
import { createApp } from "./routes/app.ts";
import type { Check } from "./routes/dependencies.ts";
import { pathWithin } from "./routes/prefix.ts";
import { releasing, requestDatabase } from "./runtime/workers/request_database.ts";
import { type Bindings, theObject } from "./runtime/workers/runtime.ts";
import { readShared, requestDatabaseUrl } from "./runtime/workers/shared.ts";
import { fetchPoster } from "./runtime/workers/webhook_post.ts";
import { secretsOpener } from "./runtime/webhooks.ts";

export { ProsodyIngest } from "./runtime/workers/prosody_ingest.ts";
export { StreamHub } from "./runtime/workers/stream_hub.ts";

export default {
  async fetch(request: Request, bindings: Bindings, context: ExecutionContext): Promise<Response> {
    const { settings } = await readShared(bindings);
    if (pathWithin(settings.publicUrl)(request) === "/stream") {
      return await theObject(bindings.STREAM).fetch(request);
    }
    if (!app) {
      app = await makeApp(bindings);
      // Once an isolate is enough: then their alarms keep them going.
      context.waitUntil(wakeStream(bindings));
      if (bindings.INGEST) {
        context.waitUntil(theObject(bindings.INGEST).fetch(new Request("https://ingest/")));
      }
    }
    return releasing(await app.fetch(request, bindings, context), context);
  },
};

// ---

let app: OpenAPIHono | undefined;

async function makeApp(bindings: Bindings): Promise<OpenAPIHono> {
  const shared = await readShared(bindings);
  const { settings } = shared;
  const url = requestDatabaseUrl(bindings, shared);
  const prosody = prosodyUrl(settings).replace(/^ws/, "http");
  const database = (c: Context) => requestDatabase(c.executionCtx, url, settings.databaseTimeout);
  return createApp({
    ...routeSettings(settings, shared.keys),
    database,
    recorder: (c) => databaseRecorder(database(c)),
    ...settings.xmpp.relayed && { relay: (c) => fetch(new Request(prosody, c.req.raw)) },
    webhooks: {
      rules: settings.webhooks,
      look: (c) => c.executionCtx.waitUntil(wakeStream(bindings)),
      post: fetchPoster(settings.webhooks),
      openSecrets: secretsOpener(shared.keys),
    },
    compression: false,
    asset: (path) => readAsset(bindings, path),
    checks: () => askStream(bindings),
  });
}

async function readAsset({ ASSETS }: Bindings, path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const response = await ASSETS?.fetch(new Request(`https://assets/${path}`));
  return response?.ok ? await response.bytes() : null;
}

/** The stream's object delivers webhooks. */
async function wakeStream(bindings: Bindings): Promise<void> {
  const response = await theObject(bindings.STREAM).fetch(new Request("https://stream/healthz"));
  await response.body?.cancel();
}

/** The stream's object knows of database and ingest what a request cannot see. */
async function askStream(bindings: Bindings): Promise<Record<string, Check>> {
  const response = await theObject(bindings.STREAM).fetch(new Request("https://stream/readyz"));
  const answer: { checks?: Record<string, Check> } = await response.json().catch(() => ({}));
  return answer.checks ?? { stream: { ok: false } };
}
