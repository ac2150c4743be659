/**
 * `GET /rejected`: what was refused, as it came, and why.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { findRejected } from "../db/rejected.ts";
import { Time } from "../events/event.ts";
import type { Dependencies } from "./dependencies.ts";
import { answerPage, Limit, pageOf } from "./lists.ts";
import { operatorSecurity, requireScope } from "./operator.ts";
import { onInvalid, problemResponses } from "./problem.ts";

const Rejected = z.object({
  id: z.int(),
  origin: z.enum(["outbox", "telemetry"]),
  origin_ref: z.string().openapi({
    description: "outbox: source/epoch/sequence; telemetry: the session's id",
  }),
  code: z.string(),
  message: z.string(),
  record: z.string().openapi({ description: "As it came" }),
  time: Time,
}).openapi("Rejected");

const listRejected = createRoute({
  method: "get",
  path: "/rejected",
  summary: "What was refused, newest first",
  tags: ["events"],
  security: operatorSecurity,
  request: {
    query: z.strictObject({
      origin: z.enum(["outbox", "telemetry"]).optional(),
      code: z.string().max(255).optional(),
      limit: Limit,
      cursor: z.coerce.number({ error: "takes `next` of the page before" }).int().positive().optional()
        .openapi({ description: "`next` of the page before" }),
      access_token: z.string().optional(),
    }),
  },
  responses: {
    200: { description: "A page of refusals", content: { "application/json": { schema: pageOf(Rejected) } } },
    ...problemResponses("invalid_request", "unauthorized", "forbidden"),
  },
});

/** Route of refusals. */
export function rejectedRoutes({ database, keys }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  app.get("/rejected", requireScope(keys, "read"));
  app.openapi(listRejected, async (c) => {
    const { limit, cursor, ...query } = c.req.valid("query");
    const rows = await findRejected(database(c), { ...query, before: cursor, limit: limit + 1 });
    return answerPage(c, rows, limit, ({ id }) => id);
  });
  return app;
}
