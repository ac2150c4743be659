/**
 * The history: `/events`, and the same list within a room or of a session.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type EventQuery, findEvents, readLines } from "../db/events.ts";
import { roomExists } from "../db/rooms.ts";
import { readUser } from "../db/users.ts";
import { EventTypeName, Id } from "../events/event.ts";
import type { Dependencies } from "./dependencies.ts";
import { answerLines, wantedLines } from "./event_lines.ts";
import { answerPage, Moment, pageOf } from "./lists.ts";
import { operatorSecurity, requireScope } from "./operator.ts";
import { onInvalid, ProblemError, problemResponses } from "./problem.ts";
import { Event } from "./resources.ts";

const limitError = { error: "takes a whole number from 1" };
const idError = { error: "takes an event id: a whole number from 0" };
const EventId = z.coerce.number(idError).int(idError).nonnegative(idError).optional();

const narrowing = {
  after: EventId.openapi({ description: "Only events after this id" }),
  before: EventId.openapi({ description: "Only events before this id" }),
  type: z.union([EventTypeName.transform((type) => [type]), z.array(EventTypeName)]).optional()
    .openapi({ type: "array", items: { type: "string" }, description: "Repeatable" }),
  from: Moment,
  to: Moment,
  order: z.enum(["asc", "desc"]).default("asc"),
  limit: z.coerce.number(limitError).int(limitError).min(1, limitError).optional().openapi({
    description:
      "Most events: 1 to 1,000, 100 where absent; NDJSON and CSV take any number, all where absent",
  }),
};

const Query = z.strictObject({
  ...narrowing,
  room: Id.optional(),
  actor: Id.optional(),
  peer: Id.optional(),
  access_token: z.string().optional().openapi({ description: "Instead of the header" }),
});
const Narrowing = Query.omit({ room: true, actor: true, peer: true });

const page = {
  200: {
    description:
      "Events in order of id; `next` is the `after` (or, descending, the `before`) of the next page",
    content: {
      "application/json": { schema: pageOf(Event) },
      "application/x-ndjson": { schema: z.string().openapi({ description: "An event a line, any number" }) },
      "text/csv": { schema: z.string().openapi({ description: "The same as CSV, with a header" }) },
    },
  },
};

const listEvents = createRoute({
  method: "get",
  path: "/events",
  summary: "The history",
  tags: ["events"],
  security: operatorSecurity,
  request: { query: Query },
  responses: { ...page, ...problemResponses("invalid_request", "unauthorized", "forbidden") },
});

const listRoomEvents = createRoute({
  method: "get",
  path: "/rooms/{id}/events",
  summary: "The history of a room",
  tags: ["rooms", "events"],
  security: operatorSecurity,
  request: { params: z.object({ id: Id }), query: Narrowing },
  responses: {
    ...page,
    ...problemResponses("invalid_request", "unauthorized", "forbidden", "room_not_found"),
  },
});

const listUserEvents = createRoute({
  method: "get",
  path: "/users/{sessionid}/events",
  summary: "The events that a session did or was the peer of",
  tags: ["users", "events"],
  security: operatorSecurity,
  request: { params: z.object({ sessionid: Id }), query: Narrowing },
  responses: {
    ...page,
    ...problemResponses("invalid_request", "unauthorized", "forbidden", "user_not_found"),
  },
});

/** Routes of the history. */
export function eventRoutes({ database, keys }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  for (const path of ["/events", "/rooms/:id/events", "/users/:sessionid/events"]) {
    app.use(path, requireScope(keys, "read"));
  }

  async function answer(
    c: Context,
    query: z.infer<typeof Narrowing>,
    scope: Partial<EventQuery>,
  ): Promise<never> {
    const { type: types, limit: given, ...rest } = query;
    const lines = wantedLines(c);
    if (lines) {
      const pages = readLines(database(c), { ...rest, ...scope, types, limit: given }, lines.format);
      return await answerLines(c, lines, pages) as never;
    }
    const limit = given ?? 100;
    if (limit > 1000) {
      throw new ProblemError("invalid_request", "query.limit: takes a whole number from 1 to 1000");
    }
    const rows = await findEvents(database(c), { ...rest, ...scope, types, limit: limit + 1 });
    return answerPage(c, rows, limit, ({ id }) => id);
  }

  app.openapi(listEvents, (c) => {
    const { room, actor, peer, ...query } = c.req.valid("query");
    return answer(c, query, { room, actor, peer });
  });
  app.openapi(listRoomEvents, async (c) => {
    const { id } = c.req.valid("param");
    if (!await roomExists(database(c), id)) {
      throw new ProblemError("room_not_found", `no room has the id ${id}`);
    }
    return await answer(c, c.req.valid("query"), { room: id });
  });
  app.openapi(listUserEvents, async (c) => {
    const { sessionid } = c.req.valid("param");
    if (!await readUser(database(c), sessionid)) {
      throw new ProblemError("user_not_found", `no session has the id ${sessionid}`);
    }
    return await answer(c, c.req.valid("query"), { session: sessionid });
  });
  return app;
}
