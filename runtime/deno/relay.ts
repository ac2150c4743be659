/**
 * Prosody's WebSocket under the API's own address, for browsers that have to come by TLS (ADR 0006).
 *
 * @module
 */

/** A client's connection to Prosody, both ways, until either side closes it. */
export function relayTo(prosody: string, request: Request, client: Deno.NetAddr): Response {
  // Read first: an upgraded request has none.
  const { headers } = request;
  const options = {
    protocols: ["xmpp"],
    // Prosody records the one, and tells clients apart by the other. (Deno adds to a User-Agent of its own.)
    headers: {
      "x-forwarded-user-agent": headers.get("user-agent") ?? "",
      "x-forwarded-for": [headers.get("x-forwarded-for"), client.hostname].filter(Boolean).join(", "),
    },
  };
  const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "xmpp" });
  // Deno takes options here, which the web's types do not know.
  const upstream = new WebSocket(prosody, options as unknown as string[]);
  const early: string[] = [];
  socket.onmessage = ({ data }) => {
    if (upstream.readyState === WebSocket.CONNECTING) early.push(data);
    else pass(data, upstream, socket);
  };
  upstream.onopen = () => early.forEach((data) => upstream.send(data));
  upstream.onmessage = ({ data }) => pass(data, socket, upstream);
  socket.onclose = () => upstream.close();
  upstream.onclose = () => socket.close();
  // A close follows.
  socket.onerror = upstream.onerror = () => {};
  return response;
}

// ---

/** What may wait for a side that does not read, in bytes; Prosody limits what a client sends. */
const mostWaiting = 4 * 1024 * 1024;

function pass(data: string, to: WebSocket, from: WebSocket): void {
  if (to.readyState !== WebSocket.OPEN) return;
  if (to.bufferedAmount > mostWaiting) return from.close();
  to.send(data);
}
