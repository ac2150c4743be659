/**
 * Accepting WebSockets on Deno.
 *
 * @module
 */
import type { Upgrade } from "../../routes/dependencies.ts";

/** Accepts a WebSocket; its `socket` comes when it is open, and rejects when the handshake fails. */
export function upgrade(request: Request, protocol: string | undefined): Upgrade {
  const { response, socket } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {});
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  socket.addEventListener("open", () => resolve(socket), { once: true });
  socket.addEventListener("error", () => reject(new Error("the handshake failed")), { once: true });
  return { response, socket: promise };
}
