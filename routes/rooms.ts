/**
 * Rooms and who was in them.
 *
 * @module
 */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { findOccupants, findRooms, readRoom, roomExists } from "../db/rooms.ts";
import { Id } from "../events/event.ts";
import type { Dependencies } from "./dependencies.ts";
import {
  answerJson,
  answerPage,
  Cursor,
  Flag,
  Limit,
  listParameters,
  pageOf,
  readCursor,
  writeCursor,
} from "./lists.ts";
import { operatorSecurity, requireScope } from "./operator.ts";
import { onInvalid, ProblemError, problemResponses } from "./problem.ts";
import { Occupant, Room, RoomDetail } from "./resources.ts";

const listRooms = createRoute({
  method: "get",
  path: "/rooms",
  summary: "Rooms, newest first",
  tags: ["rooms"],
  security: operatorSecurity,
  request: {
    query: z.strictObject({
      ...listParameters,
      name: z.string().optional().openapi({ description: "The exact name" }),
    }),
  },
  responses: {
    200: { description: "A page of rooms", content: { "application/json": { schema: pageOf(Room) } } },
    ...problemResponses("invalid_request", "unauthorized", "forbidden"),
  },
});

const showRoom = createRoute({
  method: "get",
  path: "/rooms/{id}",
  summary: "A room, who is in it now, and its totals",
  tags: ["rooms"],
  security: operatorSecurity,
  request: { params: z.object({ id: Id }) },
  responses: {
    200: { description: "The room", content: { "application/json": { schema: RoomDetail } } },
    ...problemResponses("invalid_request", "unauthorized", "forbidden", "room_not_found"),
  },
});

const listOccupants = createRoute({
  method: "get",
  path: "/rooms/{id}/occupants",
  summary: "Every stay in a room, in order of joining",
  tags: ["rooms"],
  security: operatorSecurity,
  request: {
    params: z.object({ id: Id }),
    query: z.strictObject({
      present: Flag.openapi({ description: "Only who is (true) or is no longer (false) in the room" }),
      limit: Limit,
      cursor: Cursor,
      access_token: z.string().optional(),
    }),
  },
  responses: {
    200: { description: "A page of stays", content: { "application/json": { schema: pageOf(Occupant) } } },
    ...problemResponses("invalid_request", "unauthorized", "forbidden", "room_not_found"),
  },
});

/** Routes of rooms. */
export function roomRoutes({ database, keys }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });
  for (const path of ["/rooms", "/rooms/:id", "/rooms/:id/occupants"]) {
    app.get(path, requireScope(keys, "read"));
  }

  app.openapi(listRooms, async (c) => {
    const { limit, cursor, ...query } = c.req.valid("query");
    const rows = await findRooms(database(c), { ...query, before: readCursor(cursor), limit: limit + 1 });
    return answerPage(c, rows, limit, writeCursor);
  });
  app.openapi(showRoom, async (c) => {
    const { id } = c.req.valid("param");
    const json = await readRoom(database(c), id);
    if (json === null) throw new ProblemError("room_not_found", `no room has the id ${id}`);
    return answerJson(c, json);
  });
  app.openapi(listOccupants, async (c) => {
    const { id } = c.req.valid("param");
    const { present, limit, cursor } = c.req.valid("query");
    if (!await roomExists(database(c), id)) {
      throw new ProblemError("room_not_found", `no room has the id ${id}`);
    }
    const rows = await findOccupants(database(c), id, {
      present,
      after: readCursor(cursor),
      limit: limit + 1,
    });
    return answerPage(c, rows, limit, writeCursor);
  });
  return app;
}
