/**
 * Figures: what is going on now, and what went on.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { readNow, readRoomStats } from "../db/stats.ts";
import { Time } from "../events/event.ts";
import type { Dependencies } from "./dependencies.ts";
import { answerJson, Moment } from "./lists.ts";
import { operatorSecurity, requireScope } from "./operator.ts";
import { onInvalid, ProblemError, problemResponses } from "./problem.ts";

const Now = z.object({
  time: Time,
  rooms: z.int(),
  occupants: z.int(),
  sessions: z.int(),
  p2p_sessions: z.int(),
}).openapi("Now");

const Figures = z.object({
  created: z.int(),
  ended: z.int(),
  peak_occupants: z.int().openapi({ description: "Most people at once in any one of the rooms" }),
  average_occupants: z.number().openapi({
    description: "People over a room's life, averaged over the rooms",
  }),
  duration_seconds: z.object({
    p50: z.number().nullable(),
    p90: z.number().nullable(),
    p99: z.number().nullable(),
  }).openapi({ description: "Of the rooms that have ended; null where none has" }),
});

const RoomStats = Figures.extend({
  from: Time,
  to: Time,
  bucket: z.enum(["hour", "day"]),
  buckets: z.array(Figures.extend({ start: Time })),
}).openapi("RoomStats");

const showNow = createRoute({
  method: "get",
  path: "/stats/now",
  summary: "What is going on now",
  tags: ["stats"],
  security: operatorSecurity,
  responses: {
    200: { description: "The figures", content: { "application/json": { schema: Now } } },
    ...problemResponses("unauthorized", "forbidden"),
  },
});

const showRooms = createRoute({
  method: "get",
  path: "/stats/rooms",
  summary: "Figures of the rooms created in a span of time",
  tags: ["stats"],
  security: operatorSecurity,
  request: {
    query: z.strictObject({
      from: Moment.openapi({ description: "RFC 3339; a day before `to` where absent" }),
      to: Moment.openapi({ description: "RFC 3339; now where absent" }),
      bucket: z.enum(["hour", "day"]).default("hour"),
      access_token: z.string().optional(),
    }),
  },
  responses: {
    200: { description: "The figures", content: { "application/json": { schema: RoomStats } } },
    ...problemResponses("invalid_request", "unauthorized", "forbidden"),
  },
});

/** Routes of figures. */
export function statsRoutes({ database, keys }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  app.get("/stats/*", requireScope(keys, "read"));

  app.openapi(showNow, async (c) => answerJson(c, await readNow(database(c))));

  app.openapi(showRooms, async (c) => {
    const { from, to, bucket } = c.req.valid("query");
    const end = to ?? new Date().toISOString();
    const start = from ?? new Date(Date.parse(end) - day).toISOString();
    if (Date.parse(start) >= Date.parse(end)) {
      throw new ProblemError("invalid_request", "query.from: must be before to");
    }
    if (Date.parse(end) - Date.parse(start) > longestSpan) {
      throw new ProblemError("invalid_request", "query.from: a span has at most 366 days");
    }
    return answerJson(c, await readRoomStats(database(c), { from: start, to: end }, bucket));
  });
  return app;
}

// ---

const day = 24 * 60 * 60 * 1000;
const longestSpan = 366 * day;
