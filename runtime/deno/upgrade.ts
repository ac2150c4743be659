/**
 * Accepting WebSockets on Deno: those that come to our own server by `ws`, which bounds frames and closes, and
 * tells what waits; under `deno serve` by Deno.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { type WebSocket as ServerWebSocket, WebSocketServer } from "ws";
import type { Upgrade, UpgradeOptions } from "../../routes/dependencies.ts";

/** A handshake as the server hands it over. */
export interface Handshake {
  readonly request: Request;
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

/** The WebSockets of one server. */
export interface Handshakes {
  /** Completes a handshake. */
  open(handshake: Handshake, options: UpgradeOptions): Promise<ServerWebSocket>;
  /** Closes every WebSocket (1012). */
  stop(): void;
}

/** Starts accepting. `close` and `ping` in milliseconds, as in `Bounds`. */
export function startHandshakes({ close, ping }: { close: number; ping: number }): Handshakes {
  const sockets = new Map<ServerWebSocket, { alive: boolean }>();
  const servers = new Map<string, WebSocketServer>();

  function serverFor({ protocol, largestFrame }: UpgradeOptions): WebSocketServer {
    const key = `${largestFrame} ${protocol ?? ""}`;
    const known = servers.get(key);
    if (known) return known;
    const options = {
      noServer: true,
      clientTracking: false,
      // Compression costs memory for each connection, and a small frame may become a large one.
      perMessageDeflate: false,
      maxPayload: largestFrame,
      closeTimeout: close,
      handleProtocols: () => protocol ?? false,
    } as const;
    const server = new WebSocketServer(options);
    servers.set(key, server);
    return server;
  }

  // A connection that died without a word is noticed by what it does not answer.
  const pinging = setInterval(() => {
    for (const [socket, state] of sockets) {
      if (!state.alive) socket.terminate();
      state.alive = false;
      if (socket.readyState === socket.OPEN) socket.ping();
    }
  }, ping);

  return {
    open({ incoming, socket, head }, options) {
      const { promise, resolve, reject } = Promise.withResolvers<ServerWebSocket>();
      socket.once("close", () => reject(new Error("the handshake failed")));
      serverFor(options).handleUpgrade(incoming, socket, head as never, (open: ServerWebSocket) => {
        const state = { alive: true };
        sockets.set(open, state);
        const heard = () => state.alive = true;
        open.on("pong", heard);
        open.on("message", heard);
        open.on("close", () => sockets.delete(open));
        // A close follows, with its code.
        open.on("error", () => {});
        resolve(open);
      });
      return promise;
    },
    stop() {
      clearInterval(pinging);
      for (const socket of sockets.keys()) socket.close(1012, "the service restarts");
    },
  };
}

/**
 * Has a handshake decided upon. Returns the answer to write, or null where it has become a WebSocket.
 */
export async function acceptHandshake(
  handshakes: Handshakes,
  handshake: Handshake,
  decide: () => Response | Promise<Response>,
): Promise<Response | null> {
  const waiting: Waiting = {};
  undecided.set(handshake.request, waiting);
  const response = await decide();
  const { accepted } = waiting;
  if (!accepted || response.status !== 101) {
    accepted?.reject(new Error("the handshake was refused"));
    return response;
  }
  handshakes.open(handshake, accepted.options).then(accepted.resolve, accepted.reject);
  return null;
}

/** Accepts a WebSocket; its `socket` comes when it is open, and rejects when the handshake fails. */
export function upgrade(request: Request, options: UpgradeOptions): Upgrade {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<Upgrade["socket"]>>();
  const waiting = undecided.get(request);
  if (waiting) {
    waiting.accepted = { options, resolve, reject };
    return { response: switchingProtocols(), socket: promise };
  }
  const { protocol } = options;
  const { response, socket } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {});
  socket.addEventListener("open", () => resolve(socket), { once: true });
  socket.addEventListener("error", () => reject(new Error("the handshake failed")), { once: true });
  return { response, socket: promise };
}

// ---

/** What the app decides while it looks at a handshake. */
interface Waiting {
  accepted?: {
    readonly options: UpgradeOptions;
    readonly resolve: (socket: Awaited<Upgrade["socket"]>) => void;
    readonly reject: (error: Error) => void;
  };
}

const undecided = new WeakMap<Request, Waiting>();

/** The web's constructor refuses 101, so it is put on. Nobody writes this one: `ws` writes its own. */
function switchingProtocols(): Response {
  return Object.defineProperty(new Response(null), "status", { value: 101 });
}
