/**
 * `GET /schemas/{type}.json`: JSON Schemas of the eighteen payloads, from the same zod that ingest uses.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { EventTypeName, payloads } from "../events/event.ts";
import type { Dependencies } from "./dependencies.ts";
import { onInvalid, problemResponses } from "./problem.ts";

const showSchema = createRoute({
  method: "get",
  path: "/schemas/{file}",
  summary: "JSON Schema of an event type's data",
  tags: ["events"],
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
    ...problemResponses("invalid_request"),
  },
});

/** Route of the payload schemas. */
export function schemaRoutes({ publicUrl }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  app.openapi(showSchema, (c) => {
    const type = EventTypeName.parse(c.req.valid("param").file.replace(/\.json$/, ""));
    const schema = { $id: `${publicUrl}/schemas/${type}.json`, title: type, ...payloadSchema(type) };
    return c.body(JSON.stringify(schema), 200, { "content-type": "application/schema+json" }) as never;
  });
  return app;
}

/** JSON Schema of an event type's `data`. */
export function payloadSchema(type: z.infer<typeof EventTypeName>): Record<string, unknown> {
  return z.toJSONSchema(payloads[type]);
}
