/**
 * Rooms and who was in them.
 *
 * @module
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { findOccupants, findRooms, readRoom, roomExists } from "../db/rooms.ts";
import { Id } from "../events/event.ts";
import { madeOf } from "../events/view.ts";
import { contract } from "./contract.ts";
import type { Dependencies } from "./dependencies.ts";
import {
  Cursor,
  Flag,
  Limit,
  listParameters,
  readCursor,
  respondJson,
  respondPage,
  timedPageOf,
  writeCursor,
} from "./lists.ts";
import { operator } from "./guard.ts";
import { onInvalid, ProblemError } from "./problem.ts";
import { Occupant, Room, RoomDetail } from "./resources.ts";
import { readRoomName } from "./room_name.ts";

const listRooms = contract({
  method: "get",
  path: "/rooms",
  operationId: "listRooms",
  summary: "Rooms, newest first",
  tags: ["rooms"],
  access: operator("read", madeOf.rooms),
  request: {
    query: z.object({
      ...listParameters,
      name: z.string().optional().openapi({
        description: "The name, however it is written: capitals and width do not matter",
      }),
    }),
  },
  responses: {
    200: { description: "A page of rooms", content: { "application/json": { schema: timedPageOf(Room) } } },
  },
});

const showRoom = contract({
  method: "get",
  path: "/rooms/{id}",
  operationId: "getRoom",
  summary: "A room, who is in it now, and its totals",
  tags: ["rooms"],
  access: operator("read", [...madeOf.rooms, ...madeOf.stays]),
  request: { params: z.object({ id: Id }) },
  responses: {
    200: { description: "The room", content: { "application/json": { schema: RoomDetail } } },
  },
  problems: ["room_not_found"],
});

const listOccupants = contract({
  method: "get",
  path: "/rooms/{id}/occupants",
  operationId: "listRoomOccupants",
  summary: "Every stay in a room, in order of joining",
  tags: ["rooms"],
  access: operator("read", madeOf.stays),
  request: {
    params: z.object({ id: Id }),
    query: z.object({
      present: Flag.openapi({ description: "Only who is (true) or is no longer (false) in the room" }),
      limit: Limit,
      cursor: Cursor,
    }),
  },
  responses: {
    200: {
      description: "A page of stays",
      content: { "application/json": { schema: timedPageOf(Occupant) } },
    },
  },
  problems: ["room_not_found"],
});

/** Routes of rooms. */
export function roomRoutes({ database }: Dependencies): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: onInvalid });

  app.openapi(listRooms, (c) => {
    const { limit, cursor, name, ...query } = c.req.valid("query");
    const sql = database(c);
    const wanted = {
      ...query,
      view: c.get("operator").view,
      node: name === undefined ? undefined : readRoomName(name, "query.name"),
      before: readCursor(cursor),
    };
    return respondPage(c, listRooms, {
      sql,
      rows: findRooms(sql, { ...wanted, limit: limit + 1 }),
      limit,
      cursorOf: writeCursor,
    });
  });
  app.openapi(showRoom, async (c) => {
    const { id } = c.req.valid("param");
    const json = await readRoom(database(c), id, c.get("operator").view);
    if (json === null) throw new ProblemError("room_not_found", `no room has the id ${id}`);
    return respondJson(c, showRoom, json);
  });
  app.openapi(listOccupants, async (c) => {
    const { id } = c.req.valid("param");
    const { present, limit, cursor } = c.req.valid("query");
    if (!await roomExists(database(c), id, c.get("operator").view)) {
      throw new ProblemError("room_not_found", `no room has the id ${id}`);
    }
    const [sql, after] = [database(c), readCursor(cursor)];
    return respondPage(c, listOccupants, {
      sql,
      rows: findOccupants(sql, id, { present, after, limit: limit + 1 }),
      limit,
      cursorOf: writeCursor,
    });
  });
  return app;
}
