/**
 * `GET /stream`: the live stream, as a WebSocket or as server-sent events. WebSocket readers hear what is
 * wrong by close code, for browsers show nothing else of a failed handshake; all others get problem+json.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { allows, type Operator, verifyOperatorToken } from "../auth/operator.ts";
import { closeCodes } from "../stream/close_codes.ts";
import { openEventStream } from "../stream/sse.ts";
import { BadSubscription, readQuery, type Subscription } from "../stream/subscription.ts";
import { type Authorization, closeSocket, serveWebSocket, subprotocol } from "../stream/websocket.ts";
import type { Dependencies } from "./dependencies.ts";
import { readOperator } from "./operator.ts";
import { ProblemError } from "./problem.ts";

/** The stream's route. */
export function streamRoutes({ hub, keys, upgrade }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();

  app.get("/stream", async (c) => {
    if (isWebSocketRequest(c.req.raw)) return await acceptWebSocket(c);
    if (c.req.header("accept")?.includes("text/event-stream")) return await answerEvents(c);
    throw new ProblemError(
      "upgrade_required",
      `connect a WebSocket with subprotocol ${subprotocol}, or send Accept: text/event-stream`,
      { headers: { upgrade: "websocket" } },
    );
  });

  async function acceptWebSocket(c: Context): Promise<Response> {
    const authorization = authorize(await readOperator(c, keys));
    const subscription = readSubscription(c);
    const offered = c.req.header("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
    const { response, socket } = upgrade(c.req.raw, offered.includes(subprotocol) ? subprotocol : undefined);
    socket.then((open) => {
      if (subscription instanceof BadSubscription) {
        return closeSocket(open, { code: closeCodes.badRequest, reason: subscription.message });
      }
      return serveWebSocket(open, {
        hub,
        subscription,
        authorization,
        authorize: async (token) => authorize(await verifyOperatorToken(keys, token)),
      });
    }).catch(() => {
      // The client went before the handshake was complete.
    });
    return response;
  }

  async function answerEvents(c: Context): Promise<Response> {
    const authorization = authorize(await readOperator(c, keys));
    if ("code" in authorization) {
      const code = authorization.code === closeCodes.forbidden ? "forbidden" : "unauthorized";
      throw new ProblemError(code, authorization.reason);
    }
    const subscription = readSubscription(c);
    if (subscription instanceof BadSubscription) {
      throw new ProblemError("invalid_request", subscription.message);
    }
    const body = await openEventStream(hub, subscription, authorization.expires);
    if ("code" in body) {
      const problem =
        ({ [closeCodes.gone]: "cursor_gone", [closeCodes.badRequest]: "invalid_request" } as const)[
          body.code
        ];
      throw new ProblemError(problem ?? "unavailable", body.reason);
    }
    return c.body(body, 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
  }

  return app;
}

/** Whether a request asks for a WebSocket. */
export function isWebSocketRequest(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

// ---

function authorize(operator: Operator | null): Authorization {
  if (!operator) return { code: closeCodes.unauthorized, reason: "no valid operator token" };
  if (!allows(operator.scope, "read")) return { code: closeCodes.forbidden, reason: "needs scope read" };
  return { expires: operator.expires };
}

function readSubscription(c: Context): Subscription | BadSubscription {
  try {
    return readQuery(new URL(c.req.url).searchParams, c.req.header("last-event-id"));
  } catch (error) {
    if (error instanceof BadSubscription) return error;
    throw error;
  }
}
