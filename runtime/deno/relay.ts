/**
 * Prosody's WebSocket under the API's own address, for browsers that have to come by TLS (ADR 0006).
 *
 * @module
 */
// @ts-types="@types/ws"
import { type RawData, WebSocket as UpstreamWebSocket } from "ws";
import { maxStanzaBytes } from "../../config.ts";
import type { ServerSocket } from "../../stream/websocket.ts";
import { upgrade } from "./upgrade.ts";

/**
 * Most bytes of a message from a client, which is held whole: beyond, the connection is closed (1009). Far above
 * the longest stanza, because that is for Prosody to refuse, with an error that leaves the connection alone.
 */
const largestFromClient = 16 * maxStanzaBytes;

/** And from Prosody: the longest stanza, each quote in it now an entity, and the sender's customerData. */
const largestFromProsody = 8 * maxStanzaBytes;

/** What may wait for a side that does not read, in bytes: more than one message. */
const mostWaiting = 2 * largestFromProsody;

/** How long Prosody may take to accept a connection, in milliseconds. */
const connectWithin = 10_000;

/**
 * A client's connection to Prosody, both ways, until either side closes it. `address` is the client's. Prosody is
 * connected to first, so nothing of the client has to be kept; null when it cannot be.
 */
export async function relayTo(
  prosody: string,
  request: Request,
  address: string,
  onEnd: () => void,
): Promise<Response | null> {
  const upstream = new UpstreamWebSocket(prosody, "xmpp", {
    handshakeTimeout: connectWithin,
    maxPayload: largestFromProsody,
    perMessageDeflate: false,
    // Prosody records the one, and tells clients apart by the other.
    headers: {
      "x-forwarded-user-agent": request.headers.get("user-agent") ?? "",
      "x-forwarded-for": address,
    },
  });
  // A close follows.
  upstream.on("error", () => {});
  if (!await opened(upstream)) return null;
  upstream.on("close", onEnd);
  // It says nothing before the client does; should it, it waits.
  upstream.pause();
  const { response, socket } = upgrade(request, { protocol: "xmpp", largestFrame: largestFromClient });
  socket.then((client) => join(client, upstream), () => upstream.terminate());
  return response;
}

// ---

function opened(socket: UpstreamWebSocket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once("open", () => resolve(true));
    socket.once("close", () => resolve(false));
  });
}

function join(client: ServerSocket, upstream: UpstreamWebSocket): void {
  client.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") return client.close(1003, "XMPP is text");
    if (upstream.readyState !== UpstreamWebSocket.OPEN) return;
    if (upstream.bufferedAmount > mostWaiting) return client.close(1013, "the server does not keep up");
    // A character is a byte at least: what is cut is too long for Prosody still, and known by its beginning.
    upstream.send(data.slice(0, maxStanzaBytes + 1));
  });
  upstream.on("message", (data: RawData) => {
    if ((client.bufferedAmount ?? 0) > mostWaiting) return upstream.close();
    client.send(String(data));
  });
  client.addEventListener("close", () => upstream.close());
  upstream.on("close", () => client.close(1000, ""));
  upstream.resume();
}
