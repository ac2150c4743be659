/**
 * `GET /asyncapi.json`: the live stream, described as AsyncAPI 3, from the schemas that the code uses.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { Event, Time } from "../events/event.ts";
import { closeCodes } from "../stream/close_codes.ts";
import { ClientFrame } from "../stream/subscription.ts";
import type { Dependencies } from "./dependencies.ts";

/** Frames that the server sends. */
export const ServerFrame = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready"), after: z.int().nonnegative(), head: z.int().nonnegative() }),
  z.strictObject({ type: z.literal("events"), events: z.array(Event).min(1) }),
  z.strictObject({ type: z.literal("heartbeat"), head: z.int().nonnegative() }),
  z.strictObject({ type: z.literal("expiring"), expires: Time }),
]);

/** Route of the stream's description. */
export function asyncApiRoutes({ publicUrl }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  app.get("/asyncapi.json", (c) => c.json(describeStream(publicUrl)));
  return app;
}

// ---

const messages = {
  ready: {
    schema: ServerFrame.options[0],
    summary: "The next commit is certain to arrive; events after `after` follow",
  },
  events: { schema: ServerFrame.options[1], summary: "Events in order of id, one or more" },
  heartbeat: { schema: ServerFrame.options[2], summary: "Every matching event up to `head` has been sent" },
  expiring: {
    schema: ServerFrame.options[3],
    summary: "The token ends soon: send a `token` frame to stay connected",
  },
  subscribe: { schema: ClientFrame.options[0], summary: "Replaces the subscription" },
  token: { schema: ClientFrame.options[1], summary: "Refreshes the authorisation without reconnecting" },
};

function describeStream(publicUrl: string) {
  const { host, protocol } = new URL(publicUrl);
  const reference = (name: string) => ({ $ref: `#/channels/stream/messages/${name}` });
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Talky Core API: the live stream",
      version: "1.0.0",
      description: [
        "Every event of the log, in order, from any kept cursor, exactly once. Subprotocol `talky.events.v1`.",
        "Close codes: " + closeMeanings.map(([code, meaning]) => `**${code}** ${meaning}`).join("; ") + ".",
        "With `Accept: text/event-stream` the same path answers with server-sent events: `id` is the event's id.",
      ].join("\n\n"),
    },
    servers: {
      api: {
        host,
        protocol: protocol === "https:" ? "wss" : "ws",
        security: [{ $ref: "#/components/securitySchemes/operator" }],
      },
    },
    channels: {
      stream: {
        address: "/stream",
        messages: Object.fromEntries(
          Object.entries(messages).map(([name, { schema, summary }]) => [name, {
            name,
            summary,
            contentType: "application/json",
            payload: z.toJSONSchema(schema, { target: "draft-7" }),
          }]),
        ),
        bindings: { ws: { method: "GET", query: query, bindingVersion: "0.1.0" } },
      },
    },
    operations: {
      receive: {
        action: "send",
        summary: "What the server sends",
        channel: { $ref: "#/channels/stream" },
        messages: ["ready", "events", "heartbeat", "expiring"].map(reference),
      },
      control: {
        action: "receive",
        summary: "What the client may send",
        channel: { $ref: "#/channels/stream" },
        messages: ["subscribe", "token"].map(reference),
      },
    },
    components: {
      securitySchemes: {
        operator: { type: "http", scheme: "bearer", description: "Or `access_token` in the query" },
      },
    },
  };
}

const closeMeanings: [number, string][] = [
  [closeCodes.badRequest, "bad frame or query: mend it"],
  [closeCodes.unauthorized, "no or expired token: get a new one, reconnect with your cursor"],
  [closeCodes.forbidden, "the token lacks the scope `read`"],
  [closeCodes.slow, "you made no progress: reconnect with your cursor"],
  [closeCodes.gone, "the cursor is older than what is kept; the reason names the earliest"],
  [closeCodes.restart, "restart: reconnect with your cursor"],
  [closeCodes.overloaded, "too many readers, or the log cannot be read: reconnect later"],
];

const query = {
  type: "object",
  properties: {
    after: {
      type: "integer",
      minimum: 0,
      description: "Event id; absent: from now; 0: from the earliest kept",
    },
    room: { type: "string", format: "uuid", description: "Repeatable" },
    type: { type: "string", description: "Event type; repeatable" },
    access_token: { type: "string", description: "Operator token, where no header can be set" },
  },
};
