/**
 * Cloudflare's runtime as far as the service uses it. The types of its own package would replace those of
 * Deno and of the web that everything else here is checked against.
 *
 * @module
 */

/** A place where the objects of one class live. */
export interface DurableObjectNamespace {
  idFromName(name: string): unknown;
  get(id: unknown): Fetcher;
}

/** Handles requests: a Durable Object, or static files. */
export interface Fetcher {
  fetch(request: Request): Promise<Response>;
}

/** What a Durable Object knows of itself. */
export interface DurableObjectState {
  readonly storage: { setAlarm(time: number): Promise<void> };
}

/** Settings and secrets, by their names in the environment, and what else the Worker is bound to. */
export interface Bindings {
  /** A pooled way to the database, for requests. The stream needs `DATABASE_URL` besides, to be woken. */
  readonly HYPERDRIVE?: { readonly connectionString: string };
  /** Class `StreamHub`. */
  readonly STREAM: DurableObjectNamespace;
  /** Class `ProsodyIngest`; absent: a service beside Prosody ingests. */
  readonly INGEST?: DurableObjectNamespace;
  /** Files of packages, by `package/path`; absent: `/docs` refers to the plain document. */
  readonly ASSETS?: Fetcher;
  readonly [setting: string]: unknown;
}

/** The one object of a namespace. */
export function theObject(namespace: DurableObjectNamespace): Fetcher {
  return namespace.get(namespace.idFromName("talky"));
}

/** Accepts a WebSocket; it is open at once. */
export function acceptWebSocket(subprotocol: string | undefined): { response: Response; socket: WebSocket } {
  const [client, socket] = Object.values(new WebSocketPair());
  socket!.accept();
  const headers = subprotocol ? { "sec-websocket-protocol": subprotocol } : {};
  const init: ResponseInit & { webSocket: unknown } = { status: 101, headers, webSocket: client };
  return { response: new Response(null, init), socket: socket! };
}

// ---

declare const WebSocketPair: new () => Record<0 | 1, WebSocket & { accept(): void }>;
