/**
 * The history: `/events`, and the same list within a room or of a session.
 *
 * @module
 */
import { OpenAPIHono, type RouteConfigToTypedResponse, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Operator } from "../auth/operator.ts";
import { type EventQuery, findEvents, readLines } from "../db/events.ts";
import { roomExists } from "../db/rooms.ts";
import { readUser } from "../db/users.ts";
import { type EventType, EventTypeName, eventTypes, Id } from "../events/event.ts";
import { madeOf, type View } from "../events/view.ts";
import type { Authenticator } from "./caller.ts";
import { contract, respond } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import { eventCursor, Generation, refuseOtherLog } from "./event_cursor.ts";
import { metered, streamLines, wantedLines, whileCurrent } from "./event_lines.ts";
import { noLimits } from "./limits.ts";
import { Moment, pageOf, respondPage } from "./lists.ts";
import { operator } from "./guard.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { several, wholeNumber } from "./query.ts";
import { Event } from "./resources.ts";

const types = several(EventTypeName, "Only these types; repeatable, or with commas");
const rooms = several(Id, "Only these rooms; repeatable, or with commas");

const narrowing = {
  after: eventCursor("Only events after this id; with its log: ID@GENERATION"),
  before: eventCursor("Only events before this id"),
  generation: Generation,
  type: types,
  types: types.openapi({ description: "Another name for `type`, as the stream's frames have it" }),
  not_type: several(EventTypeName, "All but these types; repeatable, or with commas"),
  from: Moment,
  to: Moment,
  order: z.enum(["asc", "desc"]).default("asc"),
  limit: wholeNumber(
    "Most events: 1 to 1,000, 100 where absent; NDJSON and CSV take any number, all where absent",
    { minimum: 1 },
  ).optional(),
};

const Narrowing = z.object(narrowing);
const Query = z.object({
  ...narrowing,
  room: rooms,
  rooms: rooms.openapi({ description: "Another name for `room`, as the stream's frames have it" }),
  actor: Id.optional().openapi({ description: "Only what this session did" }),
  peer: Id.optional().openapi({ description: "Only where this session was the other one" }),
});

const page = {
  200: {
    description:
      "Events in order of id; `next` is the `after` (or, descending, the `before`) of the next page",
    content: {
      "application/json": { schema: pageOf(Event, z.int()) },
      "application/x-ndjson": { schema: z.string().openapi({ description: "An event a line, any number" }) },
      "application/ndjson": { schema: z.string().openapi({ description: "The same" }) },
      "text/csv": { schema: z.string().openapi({ description: "The same as CSV, with a header" }) },
    },
  },
};

const listEvents = contract({
  method: "get",
  path: "/events",
  operationId: "listEvents",
  summary: "The history",
  tags: ["events"],
  access: operator("read", madeOf.events),
  request: { query: Query },
  responses: page,
  problems: ["other_log"],
});

const listRoomEvents = contract({
  method: "get",
  path: "/rooms/{id}/events",
  operationId: "listRoomEvents",
  summary: "The history of a room",
  tags: ["rooms", "events"],
  access: operator("read", madeOf.events),
  request: { params: z.object({ id: Id }), query: Narrowing },
  responses: page,
  problems: ["room_not_found", "other_log"],
});

const listUserEvents = contract({
  method: "get",
  path: "/users/{sessionid}/events",
  operationId: "listUserEvents",
  summary: "The events that a session did or was the peer of",
  tags: ["users", "events"],
  access: operator("read", madeOf.events),
  request: { params: z.object({ sessionid: Id }), query: Narrowing },
  responses: page,
  problems: ["user_not_found", "other_log"],
});

/** Routes of the history. */
export function eventRoutes({ database, limits = noLimits }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  /** The three lists return the same, so the first one's contract stands for all. */
  async function show(
    c: Context<{ Variables: { operator: Operator; authenticator: Authenticator } }>,
    { type = [], types = [], not_type, limit: given, after, before, generation, ...rest }: z.infer<
      typeof Narrowing
    >,
    scope: Partial<EventQuery>,
  ): Promise<RouteConfigToTypedResponse<typeof listEvents>> {
    const caller = c.get("operator");
    const sql = database(c);
    await refuseOtherLog(sql, generation, after?.generation, before?.generation);
    const query = {
      ...rest,
      ...scope,
      after: after?.id,
      before: before?.id,
      view: viewWithout(caller.view, not_type),
      types: [...type, ...types],
    };
    const lines = wantedLines(c);
    if (lines) {
      const isCurrent = () => c.get("authenticator").isCurrent(c, caller);
      const all = whileCurrent(readLines(sql, { ...query, limit: given }, lines.format), isCurrent);
      const pages = await metered(limits, c, all);
      return respond(c, listEvents, lines.mediaType, await streamLines(lines, pages), {
        "content-type": `${lines.mediaType}; charset=utf-8`,
        "cache-control": "private, no-store",
        "vary": "Accept, Authorization",
      });
    }
    const limit = given ?? 100;
    if (limit > 1000) {
      throw new ProblemError("invalid_request", "query.limit: takes a whole number from 1 to 1000");
    }
    return respondPage(c, listEvents, {
      sql,
      rows: findEvents(sql, { ...query, limit: limit + 1 }),
      limit,
      cursorOf: ({ id }) => id,
    });
  }

  app.openapi(listEvents, (c) => {
    const { room = [], rooms = [], actor, peer, ...query } = c.req.valid("query");
    return show(c, query, { rooms: [...room, ...rooms], actor, peer });
  });
  app.openapi(listRoomEvents, async (c) => {
    const { id } = c.req.valid("param");
    if (!await roomExists(database(c), id, c.get("operator").view)) {
      throw new ProblemError("room_not_found", `no room has the id ${id}`);
    }
    return await show(c, c.req.valid("query"), { rooms: [id] });
  });
  app.openapi(listUserEvents, async (c) => {
    const { sessionid } = c.req.valid("param");
    if (!await readUser(database(c), sessionid, c.get("operator").view)) {
      throw new ProblemError("user_not_found", `no session has the id ${sessionid}`);
    }
    return await show(c, c.req.valid("query"), { session: sessionid });
  });
  return app;
}

// ---

/** A view without some types. */
function viewWithout(view: View, types: readonly EventType[] | undefined): View {
  if (!types || types.length === 0) return view;
  return { ...view, types: (view.types ?? eventTypes).filter((type) => !types.includes(type)) };
}
