/**
 * `GET /rejected`: what was refused, as it came, and why.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findRejected } from "../db/rejected.ts";
import { Time } from "../events/event.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { Limit, pageOf, respondPage } from "./lists.ts";
import { operator } from "./guard.ts";
import { onInvalid } from "./problem.ts";
import { wholeNumber } from "./query.ts";

const Rejected = z.object({
  id: z.int(),
  origin: z.enum(["outbox", "telemetry"]),
  origin_ref: z.string().openapi({
    description: "outbox: source/epoch/sequence; telemetry: the session's id",
  }),
  code: z.string(),
  message: z.string(),
  record: z.string().openapi({
    description: "As it came; where `bytes` are, with characters escaped as in JSON",
  }),
  bytes: z.base64().nullable().openapi({
    description: "As it came, in UTF-8: for what PostgreSQL cannot keep as text",
  }),
  time: Time,
}).openapi("Rejected");

const listRejected = contract({
  method: "get",
  path: "/rejected",
  operationId: "listRejected",
  summary: "What was refused, newest first",
  tags: ["events"],
  access: operator("read"),
  request: {
    query: z.object({
      origin: z.enum(["outbox", "telemetry"]).optional(),
      code: z.string().max(255).optional(),
      limit: Limit,
      cursor: wholeNumber("`next` of the page before", { minimum: 1 }).optional(),
    }),
  },
  responses: {
    200: {
      description: "A page of refusals",
      content: { "application/json": { schema: pageOf(Rejected, z.int()) } },
    },
  },
});

/** Route of refusals. */
export function rejectedRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(listRejected, (c) => {
    const { limit, cursor, ...query } = c.req.valid("query");
    const sql = database(c);
    return respondPage(c, listRejected, {
      sql,
      rows: findRejected(sql, { ...query, before: cursor, limit: limit + 1 }),
      limit,
      cursorOf: ({ id }) => id,
    });
  });
  return app;
}
