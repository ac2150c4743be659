/**
 * Answers on a connection that the HTTP server has let go of: to what is no request, and to handshakes that do
 * not become a WebSocket.
 *
 * @module
 */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** A problem (RFC 9457) that no route has to do with. */
export function refusal(status: 400 | 408 | 429 | 431 | 500, detail?: string): Response {
  const body = {
    type: "about:blank",
    title: STATUS_CODES[status],
    status,
    code: status === 500 ? "internal" : status === 429 ? "too_many_requests" : "invalid_request",
    ...detail && { detail },
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", "content-security-policy": "default-src 'none'" },
  });
}

/** Writes a problem and closes. */
export function refuse(socket: Duplex, status: 400 | 408 | 431 | 500, detail?: string): void {
  writeResponse(socket, refusal(status, detail)).catch(() => socket.destroy());
}

/** Writes an answer and closes. */
export async function writeResponse(socket: Duplex, response: Response): Promise<void> {
  const headers = new Headers(response.headers);
  headers.set("connection", "close");
  const body = response.body ? await response.bytes() : new Uint8Array();
  headers.set("content-length", String(body.length));
  if (!socket.writable) return void socket.destroy();
  const { status } = response;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, `date: ${new Date().toUTCString()}`];
  headers.forEach((value, name) => lines.push(`${name}: ${value}`));
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  socket.end(body);
  // A client that takes no answer does not keep its connection.
  const late = setTimeout(() => socket.destroy(), closeWithin);
  socket.once("close", () => clearTimeout(late));
  socket.once("finish", () => socket.destroy());
}

// ---

const closeWithin = 5_000;
