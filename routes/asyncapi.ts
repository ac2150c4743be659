/**
 * `GET /asyncapi.json`: the live stream, described as AsyncAPI 3, from the schemas that the code uses.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { closeCodes } from "../stream/close_codes.ts";
import { clientFrames, type FrameDescription, serverFrames, subprotocol } from "../stream/frames.ts";
import { queryParameters } from "../stream/subscription.ts";
import type { Dependencies } from "./dependencies.ts";
import { operator, parameterNames } from "./guard.ts";
import { prefixOf } from "./prefix.ts";
import { version } from "./version.ts";

/** Route of the stream's description. */
export function asyncApiRoutes({ publicUrl }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono();
  app.get("/asyncapi.json", (c) => c.json(describeStream(publicUrl)));
  return app;
}

// ---

function describeStream(publicUrl: string) {
  const { host, protocol } = new URL(publicUrl);
  const pathname = prefixOf(publicUrl);
  const reference = (name: string) => ({ $ref: `#/channels/stream/messages/${name}` });
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Talky Core API: the live stream",
      version,
      description: [
        `Every event of the log, in order, from any kept cursor, exactly once. Subprotocol \`${subprotocol}\`.`,
        "Close codes: " +
        Object.values(closeCodes).map(({ code, meaning, advice }) => `**${code}** ${meaning}: ${advice}`)
          .join("; ") +
        ".",
        "With `Accept: text/event-stream` the same path answers with server-sent events: `id` is the event's id.",
      ].join("\n\n"),
    },
    servers: {
      api: {
        host,
        ...pathname && { pathname },
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
        bindings: { ws: { method: "GET", query, bindingVersion: "0.1.0" } },
      },
    },
    operations: {
      receive: {
        action: "send",
        summary: "What the server sends",
        channel: { $ref: "#/channels/stream" },
        messages: Object.keys(serverFrames).map(reference),
      },
      control: {
        action: "receive",
        summary: "What the client may send",
        channel: { $ref: "#/channels/stream" },
        messages: Object.keys(clientFrames).map(reference),
      },
    },
    components: {
      securitySchemes: {
        operator: { type: "http", scheme: "bearer", description: "Or `access_token` in the query" },
      },
    },
  };
}

const messages: Record<string, FrameDescription> = { ...serverFrames, ...clientFrames };

/** Query parameters, as one JSON Schema. */
const query = {
  type: "object",
  properties: {
    ...Object.fromEntries(
      Object.entries(queryParameters).map((
        [name, { schema, description }],
      ) => [name, { ...schema, description }]),
    ),
    ...Object.fromEntries(
      parameterNames(operator("read")).map((name) => [name, {
        type: "string",
        description: "A token, where no header can be set",
      }]),
    ),
  },
  additionalProperties: false,
};
