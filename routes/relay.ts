/**
 * `GET /xmpp-websocket`: Prosody's WebSocket under the API's own address (ADR 0006). Not part of the OpenAPI
 * document: clients are told of it in their configuration.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Dependencies } from "./dependencies.ts";
import { callerAddress, noLimits, tooMany } from "./limits.ts";
import { ProblemError } from "./problem.ts";
import { isWebSocketRequest } from "./stream.ts";

/** Route of the relay; none where clients reach Prosody by themselves. */
export function relayRoutes({ relay, limits = noLimits }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  if (!relay) return app;
  app.get("/xmpp-websocket", async (c) => {
    if (!isWebSocketRequest(c.req.raw)) {
      throw new ProblemError("upgrade_required", "connect a WebSocket with subprotocol xmpp (RFC 7395)", {
        headers: { upgrade: "websocket" },
      });
    }
    const leave = limits.hold("relays", callerAddress(c));
    if (!leave) throw tooMany("connections from this address", 5);
    const response = await relay(c, leave);
    if (response) return response;
    leave();
    throw new ProblemError("unavailable", "Prosody cannot be reached", { headers: { "retry-after": "2" } });
  });
  return app;
}
