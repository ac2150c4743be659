/**
 * What a form is: how a webhook is told.
 *
 * @module
 */
import { z } from "zod";
import type { TimeSpan } from "../db/room_spans.ts";
import type { Names } from "../db/webhook_names.ts";
import { type EventType, eventTypes } from "../events/event.ts";
import type { EventLog, LoggedEvent } from "../events/event_log.ts";
import type { Issue } from "../quality/issue.ts";
import type { Delivery } from "./batch.ts";

/** A batch that is to be told. */
export interface Batch {
  readonly id: string;
  readonly generation: string;
  readonly events: readonly LoggedEvent[];
}

/** What a form may ask besides. */
export interface FormSource {
  readonly log: Pick<EventLog, "readAfter">;
  names(rooms: readonly string[], sessions: readonly string[]): Promise<Names>;
  /** What was wrong in a room within a span of time; `complete`: whether all that was measured has been looked at. */
  issues(room: string, span: TimeSpan): Promise<{ issues: readonly Issue[]; complete: boolean }>;
}

/** A form. */
export interface Form {
  /** Of which types it tells; absent: of all. */
  readonly types?: readonly EventType[];
  /** Most events of a delivery. */
  readonly most: number;
  /** A batch; null where it has nothing that the form can say. */
  batch(batch: Batch, source: FormSource): Promise<Delivery | null>;
  /** The first delivery, without events; null: it has none, and begins with the first batch. */
  verification(webhook: string): Delivery | null;
  /** A delivery that somebody asked for, to see whether it arrives. */
  test(webhook: string): Delivery;
}

/** An event, read back from its JSON. */
export const ToldEvent = z.object({
  id: z.int(),
  type: z.enum(eventTypes),
  room_id: z.string().nullable(),
  actor_id: z.string().nullable(),
  peer_id: z.string().nullable(),
  time: z.string(),
  data: z.looseObject({}),
});
export type ToldEvent = z.infer<typeof ToldEvent>;

/** Reads events back. */
export function readEvents(events: readonly LoggedEvent[]): ToldEvent[] {
  return events.map(({ json }) => ToldEvent.parse(JSON.parse(json)));
}

/** A delivery of JSON. */
export function jsonDelivery(id: string, value: object, path?: string): Delivery {
  const delivery = { id, contentType: "application/json", body: JSON.stringify(value) };
  return path === undefined ? delivery : { ...delivery, path };
}

/** What the application's token has said of somebody, in the names of Talky's or of Jitsi's tokens. */
export function claimsOf(customerData: Readonly<Record<string, unknown>>): z.infer<typeof Claims> {
  const own = Claims.safeParse(customerData).data ?? {};
  const { context } = Context.safeParse(customerData).data ?? {};
  return { ...context?.user, ...own, ...own.displayName && { name: own.displayName } };
}

// ---

const Claims = z.object({
  name: z.string().optional().catch(undefined),
  displayName: z.string().optional().catch(undefined),
  email: z.string().optional().catch(undefined),
  id: z.string().optional().catch(undefined),
}).transform((claims) =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value)) as Partial<typeof claims>
);
const Context = z.object({ context: z.object({ user: Claims }).optional().catch(undefined) });
