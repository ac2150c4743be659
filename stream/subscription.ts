/**
 * What a reader asks for, in the query or in a frame, checked. Client frames are JSON text of at most
 * 64 KiB.
 *
 * @module
 */
import { z } from "zod";
import { EventTypeName, Id } from "../events/event.ts";
import { closeCodes, type CloseReason } from "./close_codes.ts";
import { createFilter, type Filter } from "./filter.ts";
import type { LogBounds } from "../events/event_log.ts";

/** A checked wish: from where (null: from now) and what. */
export interface Subscription {
  readonly after: number | null;
  readonly filter: Filter;
}

/** Something a client sent makes no sense. `message` says what would. */
export class BadSubscription extends Error {}

const Cursor = z.coerce.number({ error: "after takes an event id: a whole number from 0" })
  .int("after takes an event id: a whole number from 0").nonnegative(
    "after takes an event id: a whole number from 0",
  );
const Rooms = z.array(Id).max(1000);
const Types = z.array(EventTypeName);

/** A `subscribe` or `token` frame. */
export const ClientFrame = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("subscribe"),
    after: z.int().nonnegative().optional(),
    rooms: Rooms.optional(),
    types: Types.optional(),
  }),
  z.strictObject({ type: z.literal("token"), token: z.string().min(1).max(4096) }),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;

/** Reads the query of `/stream`: `after`, `room` and `type` (both repeatable). Throws {@link BadSubscription}. */
export function readQuery(query: URLSearchParams, lastEventId?: string): Subscription {
  const after = lastEventId ?? query.get("after");
  const parsed = z.object({ after: Cursor.nullable(), room: Rooms, type: Types }).safeParse({
    after: after === "" ? null : after,
    room: query.getAll("room"),
    type: query.getAll("type"),
  });
  if (!parsed.success) throw new BadSubscription(describe(parsed.error));
  return {
    after: parsed.data.after,
    filter: createFilter({ rooms: parsed.data.room, types: parsed.data.type }),
  };
}

/** Reads a client's frame. Throws {@link BadSubscription}. */
export function readFrame(data: unknown): ClientFrame {
  if (typeof data !== "string") throw new BadSubscription("frames are text, not binary");
  if (data.length > 64 * 1024) throw new BadSubscription("a frame has at most 64 KiB");
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new BadSubscription("the frame is not JSON");
  }
  const parsed = ClientFrame.safeParse(value);
  if (!parsed.success) throw new BadSubscription(describe(parsed.error));
  return parsed.data;
}

/** Where a wish starts in a log with these bounds, or why it cannot. */
export function place(after: number | null, { head, earliest }: LogBounds): { after: number } | CloseReason {
  // 0 is "from the earliest kept", whatever that is.
  if (after === 0) return { after: earliest - 1 };
  if (after === null) return { after: head };
  if (after > head) {
    return { code: closeCodes.badRequest, reason: `after=${after} is beyond the newest event, ${head}` };
  }
  if (after < earliest - 1) return { code: closeCodes.gone, reason: `earliest kept event: ${earliest}` };
  return { after };
}

// ---

function describe(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "frame"}: ${message}`).join("; ");
}
