/**
 * Figures: what is going on now, and what went on.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { readNow, readRoomStats } from "../db/stats.ts";
import { Time } from "../events/event.ts";
import { madeOf } from "../events/view.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { Moment, respondJson } from "./lists.ts";
import { operator } from "./guard.ts";
import { onInvalid, ProblemError } from "./problem.ts";

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

const showNow = contract({
  method: "get",
  path: "/stats/now",
  operationId: "getStatsNow",
  summary: "What is going on now",
  tags: ["stats"],
  access: operator("read", madeOf.figures),
  responses: {
    200: { description: "The figures", content: { "application/json": { schema: Now } } },
  },
});

const showRooms = contract({
  method: "get",
  path: "/stats/rooms",
  operationId: "getRoomStats",
  summary: "Figures of the rooms created in a span of time",
  tags: ["stats"],
  access: operator("read", madeOf.figures),
  request: {
    query: z.object({
      from: Moment.openapi({ description: "RFC 3339; a day before `to` where absent" }),
      to: Moment.openapi({ description: "RFC 3339; now where absent" }),
      bucket: z.enum(["hour", "day"]).default("hour"),
    }),
  },
  responses: {
    200: { description: "The figures", content: { "application/json": { schema: RoomStats } } },
  },
});

/** Routes of figures. */
export function statsRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(
    showNow,
    async (c) => respondJson(c, showNow, await readNow(database(c), c.get("operator").view)),
  );

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
    const { view } = c.get("operator");
    return respondJson(
      c,
      showRooms,
      await readRoomStats(database(c), { from: start, to: end }, bucket, view),
    );
  });
  return app;
}

// ---

const day = 24 * 60 * 60 * 1000;
const longestSpan = 366 * day;
