/**
 * Closing what a source left open when it died. A Prosody that starts again has no rooms: whatever the
 * tables still show of its earlier epochs is gone, though nobody saw it go. Corrective events, marked
 * `"reconciled": true`, say so in the log (ADR 0004).
 *
 * @module
 */
import type { NewEvent } from "../events/event.ts";
import { endings } from "../events/room_state.ts";
import type { Transaction } from "./connect.ts";
import { readRoomState } from "./room_state.ts";

/**
 * Ends the rooms, stays and sessions that a source still has open, as of `time`; answers the corrective
 * events for the log. Called once an epoch, when its first record is stored.
 */
export async function reconcile(tx: Transaction, source: string, time: string): Promise<NewEvent[]> {
  const rooms = await tx<{ id: string }[]>`
    select id from rooms where source = ${source} and ended is null order by created, id for update`;
  const events: NewEvent[] = [];
  for (const { id } of rooms) events.push(...endings(id, await readRoomState(tx, id), time));

  await tx`
    update occupants set "left" = greatest(joined, ${time}::timestamptz)
    where "left" is null and room_id in (select id from rooms where source = ${source})`;
  await tx`update rooms set ended = greatest(created, ${time}::timestamptz) where source = ${source} and ended is null`;
  await tx`update users set ended = greatest(created, ${time}::timestamptz) where source = ${source} and ended is null`;
  return events;
}
