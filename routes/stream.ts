/**
 * `GET /stream`: the live stream, as a WebSocket or as server-sent events. WebSocket readers hear what is
 * wrong by close code, for browsers show nothing else of a failed handshake; all others get problem+json.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { allows, type Operator, verifyOperatorToken } from "../auth/operator.ts";
import { closeCodes } from "../stream/close_codes.ts";
import { openEventStream } from "../stream/sse.ts";
import { BadSubscription, readQuery, type Subscription } from "../stream/subscription.ts";
import { type Authorization, closeSocket, serveWebSocket, subprotocol } from "../stream/websocket.ts";
import type { Dependencies } from "./dependencies.ts";
import { operatorSecurity, readOperator } from "./operator.ts";
import { ProblemError, problemResponses } from "./problem.ts";

/** For the document only: a handshake's query is judged by close code, not by a validator. */
const openStream = createRoute({
  method: "get",
  path: "/stream",
  summary: "The live stream, as a WebSocket or as server-sent events",
  description: `Subprotocol \`${subprotocol}\`, or \`Accept: text/event-stream\`. Frames: /asyncapi.json. ` +
    "A WebSocket is always accepted; close codes tell what is wrong: 4400 mend the frame or query; " +
    "4401 get a new token; 4403 the token lacks the scope; 4408 read faster; 4410 the cursor's events are " +
    "gone, start from the earliest that the reason names; 1012 reconnect with your cursor; 1013 reconnect later.",
  tags: ["events"],
  security: operatorSecurity,
  request: {
    query: z.object({
      after: z.string().optional().openapi({
        description: "Event id; absent: from now; 0: from the earliest",
      }),
      room: z.array(z.string()).optional().openapi({ description: "Room id, repeatable" }),
      type: z.array(z.string()).optional().openapi({ description: "Event type, repeatable" }),
      access_token: z.string().optional().openapi({ description: "Instead of the header" }),
    }),
  },
  responses: {
    101: { description: "A WebSocket" },
    200: {
      description: "Server-sent events, each under its event's id",
      content: { "text/event-stream": { schema: z.string() } },
    },
    ...problemResponses(
      ...["invalid_request", "unauthorized", "forbidden", "cursor_gone"] as const,
      ...["upgrade_required", "unavailable"] as const,
    ),
  },
});

/** The stream's route. */
export function streamRoutes({ stream, keys }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerPath(openStream);
  if (!stream) return app;
  const { hub, upgrade } = stream;

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
