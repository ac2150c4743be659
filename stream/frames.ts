/**
 * The frames of the stream: one registry, which the code checks what it reads by, and AsyncAPI describes.
 *
 * @module
 */
import { z } from "zod";
import { Event, EventTypeName, Id, Time } from "../events/event.ts";

/** Name of the WebSocket subprotocol. */
export const subprotocol = "talky.events.v1";

/** A kind of frame. */
export interface FrameDescription {
  readonly schema: z.ZodType;
  readonly summary: string;
}

const EventId = z.int().nonnegative();

/** What the server sends, by `type`. */
export const serverFrames = {
  ready: {
    schema: z.strictObject({
      type: z.literal("ready"),
      after: EventId,
      head: EventId,
      generation: Id.describe("Which log it is: keep it beside your cursor, and show it when you come back"),
    }),
    summary: "The next commit is certain to arrive; events after `after` follow",
  },
  events: {
    schema: z.strictObject({ type: z.literal("events"), events: z.array(Event).min(1) }),
    summary: "Events in order of id, one or more",
  },
  heartbeat: {
    schema: z.strictObject({ type: z.literal("heartbeat"), head: EventId }),
    summary: "Every matching event up to `head` has been sent",
  },
  expiring: {
    schema: z.strictObject({ type: z.literal("expiring"), expires: Time }),
    summary: "The token ends soon: send a `token` frame to stay connected",
  },
} as const satisfies Record<string, FrameDescription>;

/** A frame that the server sends. */
export type ServerFrame = {
  [Type in keyof typeof serverFrames]: z.infer<typeof serverFrames[Type]["schema"]>;
}[
  keyof typeof serverFrames
];

const Rooms = z.union([Id, z.array(Id).max(1000)]);
const Types = z.union([EventTypeName, z.array(EventTypeName)]);

/** What the client sends, by `type`. A list may be one value, and `rooms` may be called `room`, as in the query. */
export const clientFrames = {
  subscribe: {
    schema: z.strictObject({
      type: z.literal("subscribe"),
      after: EventId.optional(),
      generation: Id.optional().describe(
        "The log that `after` is of; of another one it is refused with 4411",
      ),
      rooms: Rooms.optional(),
      room: Rooms.optional(),
      types: Types.optional(),
    }),
    summary: "Replaces the subscription",
  },
  token: {
    schema: z.strictObject({ type: z.literal("token"), token: z.string().min(1).max(4096) }),
    summary: "Refreshes the authorisation without reconnecting",
  },
} as const satisfies Record<string, FrameDescription>;

/** A frame that a client sends. */
export type ClientFrame = {
  [Type in keyof typeof clientFrames]: z.infer<typeof clientFrames[Type]["schema"]>;
}[
  keyof typeof clientFrames
];
