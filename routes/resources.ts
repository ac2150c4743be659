/**
 * The contract's resources, as the OpenAPI document names them.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { Event as EventSchema, Id, Time } from "../events/event.ts";

/** A room: one life of a name. */
export const Room = z.object({
  id: Id,
  name: z.string(),
  jid: z.string().openapi({ example: "daily@rooms.talky-api.local" }),
  created: Time,
  ended: Time.nullable(),
}).openapi("Room");

/** A stay of a session in a room. */
export const Occupant = z.object({
  room_id: Id,
  sessionid: Id,
  userid: z.string(),
  joined: Time,
  left: Time.nullable(),
}).openapi("Occupant");

/** A room with who is in it now, and its totals. */
export const RoomDetail = Room.extend({
  occupants: z.array(Occupant),
  totals: z.object({
    occupants: z.int().openapi({ description: "Sessions that were ever in it" }),
    events: z.int(),
    messages: z.int(),
  }),
}).openapi("RoomDetail");

/** A session. */
export const User = z.object({
  sessionid: Id,
  userid: z.string().openapi({ description: "Bare JID", example: "ada@users.talky-api.local" }),
  type: z.enum(["browser", "mobile"]),
  os: z.string(),
  browser: z.string(),
  useragent: z.string(),
  created: Time,
  ended: Time.nullable(),
}).openapi("User");

/** An event of the log. (Made anew, for only schemas made after zod-openapi was loaded have names.) */
export const Event = z.object(EventSchema.shape).openapi("Event");
