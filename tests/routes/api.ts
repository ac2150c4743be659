/**
 * The API on a database of its own, within the test's process: asked directly, or served on a free port.
 *
 * @module
 */
import { makeApiKey } from "../../auth/api_key.ts";
import { createOperatorAuthenticator } from "../../auth/authenticate.ts";
import { deriveKeys, type Keys } from "../../auth/keys.ts";
import { signCredential } from "../../auth/credential.ts";
import { type Scope, signOperatorToken } from "../../auth/operator.ts";
import { addApiKey } from "../../db/api_keys.ts";
import { isRefusedData } from "../../db/connect.ts";
import { watchKeys } from "../../db/key_watch.ts";
import type { View } from "../../events/view.ts";
import { store } from "../../db/store.ts";
import { createRecorder } from "../../ingest/recorder.ts";
import { createApp } from "../../routes/app.ts";
import type { Dependencies } from "../../routes/dependencies.ts";
import { type Bounds, type HttpServer, startHttpServer } from "../../runtime/deno/http_server.ts";
import { upgrade } from "../../runtime/deno/upgrade.ts";
import type { HubOptions } from "../../stream/hub.ts";
import { type LiveLog, liveLog } from "../stream/live_log.ts";

export const publicUrl = "https://talky.test";
export const appKey = "the key of the application around it";

/** The API under test. */
export interface Api extends LiveLog {
  readonly keys: Keys;
  readonly app: ReturnType<typeof createApp>;
  /** An operator's token with scope `read`. */
  readonly token: string;
  operatorToken(scope: Scope, lifetime?: number): Promise<string>;
  /** A new API key, by default one that reads all for an hour. */
  apiKey(what?: { scope?: Scope; view?: View; lifetime?: number }): Promise<{ id: string; token: string }>;
  /** A client's credential. */
  credential(sessionid: string): Promise<string>;
  /** Asks with the token, unless the request brings its own. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** The JSON of a GET that must succeed. */
  // deno-lint-ignore no-explicit-any
  get(path: string): Promise<any>;
  /** Serves it until it is disposed of. Returns the URL, without a slash at the end. */
  serve(bounds?: Partial<Bounds>): Promise<string>;
}

/** What a test wants otherwise. */
export interface ApiOptions {
  readonly hub?: HubOptions;
  /** How many events there are already. */
  readonly events?: number;
  readonly dependencies?: Partial<Dependencies>;
}

/** Starts one. */
export async function testApi({ hub, events = 0, dependencies = {} }: ApiOptions = {}): Promise<Api> {
  const log = await liveLog(hub, events);
  const keys = await deriveKeys("a secret that is more than 32 bytes long");
  const recorder = createRecorder({
    store: (submissions) => store(log.sql, submissions),
    isRefusedData,
  });
  const operators = createOperatorAuthenticator(keys);
  const keyWatch = watchKeys(log.sql);
  const app = createApp({
    publicUrl,
    xmpp: { domain: "talky.test", publicUrl: "wss://talky.test/xmpp-websocket" },
    keys,
    operators,
    accessTokenInQuery: true,
    database: () => log.sql,
    recorder: () => recorder,
    appTokens: {
      keys: [new TextEncoder().encode(appKey)],
      audiences: [publicUrl],
      audienceRequired: false,
    },
    ice: { stun: [], turn: [], turnSecret: undefined, turnLifetime: 3600 },
    hsts: "on",
    compression: true,
    stream: { hub: log.hub, watchKey: keyWatch.watch, upgrade },
    asset: () => Promise.resolve(null),
    checks: () => Promise.resolve({ database: { ok: true } }),
    ...dependencies,
  });
  const operatorToken = (scope: Scope, lifetime = 3600) => signOperatorToken(keys, scope, lifetime);
  const token = await operatorToken("read");
  let server: HttpServer | undefined;

  const request: Api["request"] = async (path, init = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
    return await app.request(path, { ...init, headers });
  };
  return {
    ...log,
    keys,
    app,
    token,
    operatorToken,
    async apiKey({ scope = "read", view = {}, lifetime = 3600 } = {}) {
      const { id, token, hash } = await makeApiKey();
      const expires = Date.now() + lifetime * 1000;
      await addApiKey(log.sql, { id, name: "of a test", hash, scope, view, expires });
      return { id, token };
    },
    credential: (sessionid) => signCredential(keys, { sessionid, userid: "ada@users.talky.test" }, 3600),
    request,
    async get(path) {
      const response = await request(path);
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return await response.json();
    },
    async serve(bounds = {}) {
      server = await startHttpServer({ hostname: "127.0.0.1", port: 0, bounds }, app.fetch);
      return `http://127.0.0.1:${server.address.port}`;
    },
    async [Symbol.asyncDispose]() {
      const down = server?.shutdown();
      keyWatch.stop();
      await log[Symbol.asyncDispose]();
      await down;
    },
  };
}
