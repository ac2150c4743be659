/**
 * Rooms and types in a body: what a key or a webhook is limited to.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { EventTypeName } from "../events/event.ts";
import { BadRoomName, roomNode } from "../events/room_name.ts";

/** Rooms by id or name; names as Prosody writes them. */
export const RoomList = z.array(
  z.string().transform((room, context) => {
    try {
      return roomNode(room);
    } catch (error) {
      if (!(error instanceof BadRoomName)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  }),
).min(1).max(1000);

export const TypeList = z.array(EventTypeName).min(1);

/** How documents show {@link RoomList}. */
export const roomListDocument = {
  type: "array",
  items: { type: "string" },
  description: "Only these rooms: ids (one life of a room) or names (every life). Absent: all",
} as const;

/** What a key may be limited to. */
export const viewLimits = {
  rooms: RoomList.optional().openapi(roomListDocument),
  types: TypeList.optional().openapi({ description: "Only events of these types. Absent: all" }),
};
