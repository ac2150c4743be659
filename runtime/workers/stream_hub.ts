/**
 * The live stream on Workers: one Durable Object has all readers, one hub and one database client. Its code
 * is that of every other instance; only what it is given differs.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { connect } from "../../db/connect.ts";
import { postgresLog } from "../../db/event_log.ts";
import { watchKeys } from "../../db/key_watch.ts";
import { databaseCheck, databaseRecorder, reportTrouble, routeSettings } from "../assemble.ts";
import { createApp } from "../../routes/app.ts";
import type { Check } from "../../routes/dependencies.ts";
import { startHub } from "../../stream/hub.ts";
import { hasWebhooks } from "../../db/webhook_state.ts";
import { startWebhooks } from "../webhooks.ts";
import { fetchPoster } from "./webhook_post.ts";
import { acceptWebSocket, type Bindings, type DurableObjectState, theObject } from "./runtime.ts";
import { readShared } from "./shared.ts";

/** Answers `/stream`, and `/readyz` for the whole Worker; delivers webhooks. */
export class StreamHub {
  readonly #state: DurableObjectState;
  readonly #bindings: Bindings;
  #serving: Promise<Serving> | undefined;

  constructor(state: DurableObjectState, bindings: Bindings) {
    this.#state = state;
    this.#bindings = bindings;
  }

  async fetch(request: Request): Promise<Response> {
    let serving: Serving;
    try {
      serving = await (this.#serving ??= serve(this.#bindings));
    } catch {
      // Most likely the database is away: the next request tries again.
      this.#serving = undefined;
      return new Response(null, { status: 503, headers: { "retry-after": "5" } });
    }
    await this.#stayAwake();
    return await serving.app.fetch(request);
  }

  /** Without readers and webhooks no alarm follows, and the runtime lets the object go. */
  async alarm(): Promise<void> {
    try {
      // Also where the runtime has moved the object since: its alarm has come along.
      const serving = await (this.#serving ??= serve(this.#bindings));
      if (await serving.isNeeded()) await this.#stayAwake();
    } catch {
      this.#serving = undefined;
      await this.#stayAwake();
    }
  }

  #stayAwake(): Promise<void> {
    return this.#state.storage.setAlarm(Date.now() + heartbeat);
  }
}

// ---

/** An object without events for a minute is put to sleep, and its timers with it. In milliseconds. */
const heartbeat = 30_000;

interface Serving {
  readonly app: OpenAPIHono;
  /** Whether somebody reads, or is to be told. */
  isNeeded(): Promise<boolean>;
}

async function serve(bindings: Bindings): Promise<Serving> {
  const { settings, keys } = await readShared(bindings);
  const sql = connect(settings.databaseUrl!, {
    max: 4,
    name: "talky-stream",
    timeout: settings.databaseTimeout,
  });
  try {
    const hub = await startHub(postgresLog(sql), { onTrouble: reportTrouble() });
    const recorder = databaseRecorder(sql);
    const checkDatabase = databaseCheck(sql);
    const shared = routeSettings(settings, keys);
    const keyWatch = watchKeys(sql);
    const post = fetchPoster(settings.webhooks);
    const webhooks = startWebhooks(settings, keys, { sql, hub, post, onAttempt: () => {} });
    const app = createApp({
      ...shared,
      database: () => sql,
      recorder: () => recorder,
      stream: {
        hub,
        watchKey: keyWatch.watch,
        upgrade: (_request, { protocol }) => {
          const { response, socket } = acceptWebSocket(protocol);
          return { response, socket: Promise.resolve(socket) };
        },
      },
      compression: false,
      asset: () => Promise.resolve(null),
      checks: async () => ({
        database: await checkDatabase(hub.status().head),
        webhooks: await webhooks.check(),
        ...bindings.INGEST && { prosody: await askIngest(bindings.INGEST) },
      }),
    });
    return { app, isNeeded: async () => hub.status().readers > 0 || await hasWebhooks(sql) };
  } catch (error) {
    await sql.end({ timeout: 1 });
    throw error;
  }
}

async function askIngest(namespace: NonNullable<Bindings["INGEST"]>): Promise<Check> {
  const response = await theObject(namespace).fetch(new Request("https://ingest/"));
  return await response.json();
}
