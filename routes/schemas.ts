/**
 * `GET /schemas/{type}.json`: JSON Schemas of the eighteen payloads, from the same zod that ingest uses.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { EventTypeName, payloads } from "../events/event.ts";
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
      file: z.templateLiteral([EventTypeName, ".json"], { error: "takes an event type and .json" })
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
    const type = EventTypeName.parse(c.req.valid("param").file.replace(/\.json$/, ""));
    const schema = { $id: `${publicUrl}/schemas/${type}.json`, title: type, ...payloadSchema(type) };
    return respond(c, showSchema, "application/schema+json", JSON.stringify(schema));
  });
  return app;
}

/** JSON Schema of an event type's `data`. */
export function payloadSchema(type: z.infer<typeof EventTypeName>): Record<string, unknown> {
  return z.toJSONSchema(payloads[type]);
}
