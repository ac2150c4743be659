/**
 * `GET /stream`: the live stream, as a WebSocket or as server-sent events. Readers with a token hear by close code
 * what is wrong, for browsers show nothing of a failed handshake; all others get problem+json.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { allows, type Operator } from "../auth/operator.ts";
import { madeOf } from "../events/view.ts";
import type { Authorization, Permission } from "../stream/authorization.ts";
import { closeCodeOf, closeCodes, closing } from "../stream/close_codes.ts";
import { subprotocol } from "../stream/frames.ts";
import { openEventStream } from "../stream/sse.ts";
import { BadSubscription, queryParameters, readQuery, type Subscription } from "../stream/subscription.ts";
import { closeSocket, serveWebSocket } from "../stream/websocket.ts";
import { preferenceFor } from "./accept.ts";
import { type Authenticator, type Nobody, readOperator } from "./caller.ts";
import { contract, respond } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator, parameterNames, unauthorized } from "./guard.ts";
import { callerToken } from "./limits.ts";
import { onInvalid, ProblemError } from "./problem.ts";

const readers = operator("read", madeOf.events);

const query = Object.fromEntries(
  Object.entries(queryParameters).map(([name, { schema, description }]) => [
    name,
    // The document's; what is in them the stream judges itself, as it does over a WebSocket.
    z.union([z.string(), z.array(z.string())]).optional().openapi({ ...schema, description }),
  ]),
);

/** Most bytes of a client's message: past 64 KiB a frame is refused with a reason (4400), past this unread (1009). */
const largestFrame = 128 * 1024;

const openStream = contract({
  method: "get",
  path: "/stream",
  operationId: "openStream",
  summary: "The live stream, as a WebSocket or as server-sent events",
  description: `Subprotocol \`${subprotocol}\`, or \`Accept: text/event-stream\`. Frames: /asyncapi.json. ` +
    "Without a valid token a handshake is answered 401; after it close codes tell what is wrong: " +
    Object.values(closeCodes).map(({ code, advice }) => `${code} ${advice}`).join("; ") + ".",
  tags: ["events"],
  access: readers,
  request: { query: z.object(query) },
  responses: {
    101: { description: "A WebSocket" },
    200: {
      description: "Server-sent events, each under its event's id",
      content: { "text/event-stream": { schema: z.string() } },
    },
  },
  problems: ["cursor_gone", "other_log", "upgrade_required"],
});

/** The stream's route. */
export function streamRoutes({ stream }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  if (!stream) {
    const { middleware: _guard, ...described } = openStream;
    app.openAPIRegistry.registerPath(described);
    return app;
  }
  const { hub, watchKey, upgrade } = stream;
  const { permissionOf, authorize } = permissionsBy(watchKey);

  // Before the contract: what is wrong with a WebSocket's query is said by close code.
  app.get(
    "/stream",
    async (c, next) => isWebSocketRequest(c.req.raw) ? await acceptWebSocket(c) : await next(),
  );
  app.openapi(openStream, async (c) => {
    refuseHandshake(c);
    const subscription = readSubscription(c);
    if (subscription instanceof BadSubscription) {
      throw new ProblemError("invalid_request", subscription.message);
    }
    const headers = { "cache-control": "no-store", "x-accel-buffering": "no" };
    // Nobody would read it.
    if (c.req.method === "HEAD") return respond(c, openStream, eventStream, null, headers);
    const caller = c.get("operator");
    const body = await openEventStream(hub, subscription, permissionOf(caller), caller.key ?? callerToken(c));
    if ("code" in body) {
      const { problem } = closeCodeOf(body);
      throw new ProblemError(problem, body.reason, {
        ...problem === "unavailable" && { headers: { "retry-after": "1" } },
      });
    }
    return respond(c, openStream, eventStream, body, headers);
  });

  async function acceptWebSocket(c: Context): Promise<Response> {
    const authenticator: Authenticator = c.get("authenticator");
    const caller = await readOperator(c);
    // Whom we do not know gets no WebSocket: it would have to be read from, and its frames kept.
    if ("reason" in caller) throw unauthorized(caller.reason);
    const authorization = authorize(caller);
    const subscription = readSubscription(c);
    const owner = caller.key ?? callerToken(c);
    const offered = c.req.header("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
    const protocol = offered.includes(subprotocol) ? subprotocol : undefined;
    const { response, socket } = upgrade(c.req.raw, { protocol, largestFrame });
    socket.then((open) => {
      if (subscription instanceof BadSubscription) {
        return closeSocket(open, closing("badRequest", subscription.message));
      }
      return serveWebSocket(open, {
        hub,
        subscription,
        authorization,
        ...owner !== undefined && { owner },
        authorize: async (token) => authorize(await authenticator.operator(c, token) ?? invalidToken),
      });
    }).catch(() => {
      // The client went before the handshake was complete.
    });
    return response;
  }

  return app;
}

/** Whether a request asks for a WebSocket. */
export function isWebSocketRequest(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

// ---

const eventStream = "text/event-stream";

const invalidToken: Nobody = { reason: "the token is not valid, or is not any more" };

/** A wildcard comes of itself, also with a WebSocket's handshake whose Upgrade a proxy has dropped. */
function refuseHandshake(c: Context): void {
  const { quality, specificity } = preferenceFor(c.req.header("accept") ?? "", eventStream);
  if (quality > 0 && specificity > 0) return;
  throw new ProblemError(
    "upgrade_required",
    `connect a WebSocket with subprotocol ${subprotocol}, or send Accept: ${eventStream}`,
    { headers: { upgrade: "websocket" } },
  );
}

/** What callers may read, and until when. */
function permissionsBy(watchKey: NonNullable<Dependencies["stream"]>["watchKey"]) {
  function permissionOf({ expires, view, key }: Operator): Permission {
    return { expires, view, ...key !== null && { watch: (ended) => watchKey(key, ended) } };
  }
  function authorize(caller: Operator | Nobody): Authorization {
    if ("reason" in caller) return closing("unauthorized", caller.reason);
    if (!allows(caller.scope, "read")) return closing("forbidden", "needs scope read");
    return permissionOf(caller);
  }
  return { permissionOf, authorize };
}

function readSubscription(c: Context): Subscription | BadSubscription {
  try {
    return readQuery(new URL(c.req.url).searchParams, {
      lastEventId: c.req.header("last-event-id"),
      besides: parameterNames(readers),
    });
  } catch (error) {
    if (error instanceof BadSubscription) return error;
    throw error;
  }
}
