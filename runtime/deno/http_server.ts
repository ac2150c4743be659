/**
 * HTTP and HTTPS with bounds: on how long a client may take, on what it may have open. `Deno.serve` has none of
 * them, so the server is Node's, which Deno brings as well (ADR 0017).
 *
 * @module
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { getLogger } from "@logtape/logtape";
import { refusal, refuse, writeResponse } from "./bare_response.ts";
import type { Pems } from "./tls.ts";
import { acceptHandshake, type Handshakes, startHandshakes } from "./upgrade.ts";

/** Who asks, as `Deno.serve` tells it too. */
export interface Connection {
  readonly remoteAddr: { readonly hostname: string; readonly port: number };
}

/** What answers requests, WebSocket handshakes among them. */
export type Handler = (request: Request, connection: Connection) => Response | Promise<Response>;

/** How long a client may take for each thing, in milliseconds, and what it may have. */
export interface Bounds {
  /** From the first byte (or, without one, from the connection) to the end of a request's header. */
  readonly header: number;
  /** To the end of its body. */
  readonly request: number;
  /** Between two requests. A proxy in front must let go earlier. */
  readonly idle: number;
  /** Without taking anything of an answer. */
  readonly stalled: number;
  /** For TLS, from the connection to the end of the handshake. */
  readonly handshake: number;
  /** To answer a WebSocket's close. */
  readonly close: number;
  /** How often a WebSocket is asked whether it lives; without an answer until the next time it does not. */
  readonly ping: number;
  /** Bytes of a header. */
  readonly headerBytes: number;
  /** Connections in all. */
  readonly connections: number;
  /** Connections of one address. */
  readonly perAddress: number;
  /** Addresses that may have any number: those of proxies, behind which are many. */
  readonly isProxy: (address: string) => boolean;
}

/** Bounds where nothing else is said. */
export const defaultBounds: Bounds = {
  header: 10_000,
  request: 30_000,
  idle: 65_000,
  stalled: 60_000,
  handshake: 10_000,
  close: 5_000,
  ping: 30_000,
  headerBytes: 16 * 1024,
  connections: 20_000,
  perAddress: 1_000,
  isProxy: () => false,
};

/** A server that listens. */
export interface HttpServer {
  readonly address: { readonly hostname: string; readonly port: number };
  /** Shows new connections another certificate. */
  renew(pems: Pems): void;
  /** Accepts no more, closes WebSockets (1012), and resolves when the last answer has been sent. */
  shutdown(): Promise<void>;
}

/** Starts a server. Rejects when it cannot listen. */
export async function startHttpServer(
  { hostname, port, pems, bounds: given }: {
    readonly hostname: string;
    readonly port: number;
    readonly pems?: Pems;
    readonly bounds?: Partial<Bounds>;
  },
  handler: Handler,
): Promise<HttpServer> {
  const bounds = { ...defaultBounds, ...given };
  const scheme = pems ? "https" : "http";
  const server = makeServer(bounds, pems, handler);
  const handshakes = startHandshakes(bounds);
  limitConnections(server, bounds);
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    answerUpgrade(handshakes, handler, { incoming, socket, head, scheme });
  });
  server.on("clientError", onClientError);
  // Scanners, and clients that do not trust the certificate.
  server.on("tlsClientError", (_error: Error, socket: Duplex) => socket.destroy());

  server.listen(port, hostname);
  await once(server, "listening");
  return {
    address: { hostname, port: (server.address() as { port: number }).port },
    renew: (fresh) => (server as unknown as { setSecureContext(pems: Pems): void }).setSecureContext(fresh),
    async shutdown() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      handshakes.stop();
      server.closeIdleConnections();
      await closed;
    },
  };
}

// ---

const log = getLogger(["talky", "http"]);

function makeServer(bounds: Bounds, pems: Pems | undefined, handler: Handler): Server {
  const options: ServerOptions = {
    headersTimeout: bounds.header,
    requestTimeout: bounds.request,
    keepAliveTimeout: bounds.idle,
    connectionsCheckingInterval: Math.min(1000, bounds.header / 2),
    maxHeaderSize: bounds.headerBytes,
    // Without it we say what is wrong ourselves.
    requireHostHeader: false,
  };
  const listener = getRequestListener(
    (request, env) =>
      handler(genuine(request), connectionOf((env as { incoming: IncomingMessage }).incoming)),
    { overrideGlobalObjects: false, errorHandler: onUnreadable },
  );
  const server = pems
    ? createSecureServer({ ...options, ...pems, handshakeTimeout: bounds.handshake }, listener)
    : createServer(options, listener);
  server.maxConnections = bounds.connections;
  server.timeout = bounds.stalled;
  return server as Server;
}

/**
 * A body without a length is counted by middleware, which then makes a new request of the old one; that takes
 * one of the runtime's own, not one that only looks like it.
 */
function genuine(request: Request): Request {
  if (!request.headers.has("transfer-encoding")) return request;
  const { url, method, headers, body, signal } = request;
  return new Request(url, { method, headers: [...headers], body, signal, duplex: "half" } as RequestInit);
}

/** What the bridge to the web's types throws before there is a request: its target or host makes no sense. */
function onUnreadable(error: unknown): Response {
  if ((error as Error).name === "RequestError") return refusal(400, (error as Error).message);
  log.error("A request could not be answered: {error}", { error });
  return refusal(500);
}

/** A connection past an address's share is closed before anything is read of it. */
function limitConnections(server: Server, { perAddress, isProxy }: Bounds): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    if (isProxy(address)) return;
    const others = open.get(address) ?? 0;
    if (others >= perAddress) return void socket.destroy();
    open.set(address, others + 1);
    socket.once("close", () => {
      const left = open.get(address)! - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

/** Requests that are no HTTP, too long, or late. */
function onClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") refuse(socket, 408, "the request took too long");
  else if (error.code === "HPE_HEADER_OVERFLOW") refuse(socket, 431, "the header is too long");
  else refuse(socket, 400, "this is no HTTP request");
}

/** Lets the app decide on a handshake; whatever is no 101 is written as it is, and the connection closed. */
async function answerUpgrade(
  handshakes: Handshakes,
  handler: Handler,
  { incoming, socket, head, scheme }: {
    readonly incoming: IncomingMessage;
    readonly socket: Duplex;
    readonly head: Uint8Array;
    readonly scheme: string;
  },
): Promise<void> {
  socket.on("error", () => socket.destroy());
  const request = requestOf(incoming, scheme);
  if (!request) return refuse(socket, 400, "the target or the Host of this request makes no sense");
  try {
    const response = await acceptHandshake(
      handshakes,
      { request, incoming, socket, head },
      () => handler(request, connectionOf(incoming)),
    );
    if (response) await writeResponse(socket, response);
  } catch (error) {
    log.error("A handshake could not be answered: {error}", { error });
    refuse(socket, 500);
  }
}

function connectionOf({ socket }: IncomingMessage): Connection {
  return { remoteAddr: { hostname: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 } };
}

function requestOf({ method, url, headers, rawHeaders }: IncomingMessage, scheme: string): Request | null {
  if (method !== "GET" || !url?.startsWith("/") || !headers.host) return null;
  try {
    const pairs: [string, string][] = [];
    for (let i = 0; i < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
    return new Request(`${scheme}://${headers.host}${url}`, { headers: pairs });
  } catch {
    return null;
  }
}
