/**
 * `GET /schemas/{type}.json`: JSON Schemas of the eighteen payloads, from the same zod that ingest uses, and of
 * `measurement.json`, what is read of a `p2p_session_stats`.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { EventTypeName, payloads } from "../events/event.ts";
import { Measurement } from "../quality/measurement.ts";
import { contract, respond } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { anyone } from "./guard.ts";
import { onInvalid } from "./problem.ts";

const showSchema = contract({
  method: "get",
  path: "/schemas/{file}",
  operationId: "getEventSchema",
  summary: "JSON Schema of an event type's data",
  tags: ["events"],
  access: anyone,
  request: {
    params: z.object({
      file: z.union([
        z.templateLiteral([EventTypeName, ".json"]),
        z.literal("measurement.json"),
      ], { error: "takes an event type, or measurement, and .json" })
        .openapi({ type: "string", example: "room_created.json" }),
    }),
  },
  responses: {
    200: {
      description: "The schema (draft 2020-12)",
      content: { "application/schema+json": { schema: z.record(z.string(), z.unknown()) } },
    },
  },
});

/** Route of the payload schemas. */
export function schemaRoutes({ publicUrl }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  app.openapi(showSchema, (c) => {
    const { file } = c.req.valid("param");
    const title = file.replace(/\.json$/, "");
    const body = file === "measurement.json"
      ? measurementSchema()
      : payloadSchema(EventTypeName.parse(title));
    const schema = { $id: `${publicUrl}/schemas/${file}`, title, ...body };
    return respond(c, showSchema, "application/schema+json", JSON.stringify(schema));
  });
  return app;
}

/** JSON Schema of an event type's `data`. */
export function payloadSchema(type: z.infer<typeof EventTypeName>): Record<string, unknown> {
  return z.toJSONSchema(payloads[type]);
}

/** JSON Schema of what is read of a measurement: the `data` that clients send. */
export function measurementSchema(): Record<string, unknown> {
  return z.toJSONSchema(Measurement, { io: "input" });
}
