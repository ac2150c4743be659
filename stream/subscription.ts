/**
 * What a reader asks for, in the query or in a frame, checked. Client frames are JSON text of at most
 * 64 KiB.
 *
 * @module
 */
import { z } from "zod";
import { EventTypeName, Id } from "../events/event.ts";
import type { LogBounds } from "../events/event_log.ts";
import { faultsText } from "../events/faults.ts";
import { type CloseReason, closing, goneBefore } from "./close_codes.ts";
import type { Wanted } from "./filter.ts";
import { type ClientFrame, clientFrames } from "./frames.ts";
import { unknownParameter } from "./parameters.ts";

/** A checked wish: from where (null: from now), of which log (absent: of whatever log it is), and what. */
export interface Subscription extends Cursor {
  readonly wanted: Wanted;
}

/** A place in a log. */
export interface Cursor {
  readonly after: number | null;
  readonly generation?: string;
}

/** Something a client sent makes no sense. `message` says what would. */
export class BadSubscription extends Error {
  override name = "BadSubscription";
}

/** The query of `/stream`: JSON Schema and meaning of each parameter. */
export const queryParameters = {
  after: {
    schema: { type: "integer", minimum: 0 },
    description:
      "Event id: only events after it; 0: from the earliest kept; absent: from now. With its log: `ID@GENERATION`",
  },
  generation: {
    schema: { type: "string", format: "uuid" },
    description:
      "The log that the cursor is of, as the `ready` frame said; of another one it is refused (4411)",
  },
  lastEventId: {
    schema: { type: "integer", minimum: 0 },
    description: "Goes before `after`: where an EventSource that cannot set Last-Event-ID says what it has",
  },
  room: { schema: list("uuid"), description: "Only these rooms; repeatable, or with commas" },
  rooms: { schema: list("uuid"), description: "Another name for `room`, as frames have it" },
  type: { schema: list(), description: "Only these event types; repeatable, or with commas" },
  types: { schema: list(), description: "Another name for `type`, as frames have it" },
} as const;

/** What comes with the query and is not of it. */
export interface QueryContext {
  /** The header `Last-Event-ID`; empty, as browsers send it at first, counts as absent. */
  readonly lastEventId?: string | undefined;
  /** Parameters that carry a token. */
  readonly besides?: readonly string[];
}

/** Reads the query of `/stream`. Throws {@link BadSubscription}. */
export function readQuery(
  query: URLSearchParams,
  { lastEventId, besides = [] }: QueryContext = {},
): Subscription {
  const known = [...Object.keys(queryParameters), ...besides];
  const unknown = [...new Set(query.keys())].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new BadSubscription(unknown.map((name) => unknownParameter(name, known)).join("; "));
  }
  for (const name of ["after", "lastEventId", "generation"]) {
    if (query.getAll(name).length > 1) throw new BadSubscription(`${name}: is there more than once`);
  }
  const all = (...names: string[]) =>
    names.flatMap((name) => query.getAll(name)).flatMap((text) => text.split(","));
  const parsed = Wish.safeParse({
    after: lastEventId || query.get("lastEventId") || query.get("after"),
    generation: query.get("generation"),
    room: all("room", "rooms"),
    type: all("type", "types"),
  });
  if (!parsed.success) throw new BadSubscription(describe(parsed.error));
  const { after: cursor, generation, room, type } = parsed.data;
  return { ...sameLog(cursor, generation), wanted: { rooms: room, types: type } };
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
  const parsed = Frame.safeParse(value);
  if (!parsed.success) throw new BadSubscription(describe(parsed.error, keysOf(value)));
  return parsed.data;
}

/** What a `subscribe` frame wishes for. */
export function wishOf(
  { after, generation, room = [], rooms = [], types = [] }: SubscribeFrame,
): Subscription {
  return {
    after: after ?? null,
    ...generation && { generation },
    wanted: { rooms: [room, rooms].flat(), types: [types].flat() },
  };
}

/** Where a wish starts in a log with these bounds, or why it cannot. */
export function place({ after, generation }: Cursor, log: LogBounds): { after: number } | CloseReason {
  const { head, earliest } = log;
  if (generation !== undefined && generation !== log.generation) {
    return closing("otherLog", `the log was restored: it is generation ${log.generation} now`);
  }
  // 0 is "from the earliest kept", whatever that is.
  if (after === 0) return { after: earliest - 1 };
  if (after === null) return { after: head };
  if (after > head) {
    return closing("badRequest", `after=${after} is beyond the newest event, ${head}`);
  }
  if (after < earliest - 1) return goneBefore(earliest);
  return { after };
}

// ---

type SubscribeFrame = Extract<ClientFrame, { type: "subscribe" }>;

const Frame = z.discriminatedUnion("type", [clientFrames.subscribe.schema, clientFrames.token.schema]);

const cursorError = "takes an event id: a whole number from 0";
const Wish = z.object({
  after: z.string().regex(/^\d{1,15}(@|$)/, cursorError).transform(readCursor).pipe(
    z.object({ after: z.int(), generation: z.exactOptional(Id) }),
  ).nullable(),
  generation: Id.nullable(),
  room: z.array(Id).max(1000),
  type: z.array(EventTypeName),
});

/** `ID` or `ID@GENERATION`. */
function readCursor(text: string): { after: number; generation?: string } {
  const [id, generation] = text.split("@", 2);
  return { after: Number(id), ...generation !== undefined && { generation } };
}

/** A cursor with the log that it is of, which may be named twice. */
function sameLog(
  cursor: { after: number; generation?: string | undefined } | null,
  named: string | null,
): Cursor {
  const generation = cursor?.generation ?? named ?? undefined;
  if (named !== null && generation !== named) {
    throw new BadSubscription("generation: is another one than that of the cursor");
  }
  return { after: cursor?.after ?? null, ...generation !== undefined && { generation } };
}

/** A repeatable parameter. */
function list(format?: "uuid") {
  return { type: "array", items: { type: "string", ...format && { format } } } as const;
}

/** `known`: the keys that there may be. */
function describe(error: z.ZodError, known: readonly string[] = []): string {
  return error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknownParameter(key, known))
      : [faultsText([issue], "frame")]
  ).join("; ");
}

function keysOf(frame: unknown): string[] {
  const type = z.object({ type: z.enum(["subscribe", "token"]) }).safeParse(frame).data?.type;
  return type ? Object.keys(clientFrames[type].schema.shape) : [];
}
