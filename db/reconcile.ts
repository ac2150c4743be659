/**
 * Closing what a source left open when it died. A Prosody that starts again has no rooms: whatever the
 * tables still show of its earlier epochs is gone, though nobody saw it go. Corrective events, marked
 * `"reconciled": true`, say so in the log (ADR 0004).
 *
 * @module
 */
import { fold } from "../events/fold.ts";
import type { RoomEvent } from "../events/record.ts";
import { endings } from "../events/room_state.ts";
import { applyChanges } from "./apply.ts";
import type { Transaction } from "./connect.ts";
import { readRoomState } from "./room_state.ts";

/**
 * Ends the rooms, stays and sessions that a source still has open, as of `time`; returns the corrective
 * events for the log. Called once an epoch, when its first record is stored.
 */
export async function reconcile(tx: Transaction, source: string, time: string): Promise<RoomEvent[]> {
  // A clock may have gone back in between; nothing ends before the last that is known of it.
  const rooms = await tx<{ id: string; jid: string; ended: string }[]>`
    select id, jid, utc(greatest(${time}::timestamptz, created,
      (select max(e.time) from events e where e.room_id = r.id))) as ended
    from rooms r where source = ${source} and ended is null order by created, id for update`;
  const events: RoomEvent[] = [];
  for (const { id, ended } of rooms) {
    // Open by its row, though the record that opened it may have been refused.
    events.push(...endings(id, { ...await readRoomState(tx, id), open: true }, ended));
  }
  await applyChanges(tx, fold(events), { source, jids: new Map(rooms.map(({ id, jid }) => [id, jid])) });
  await tx`
    update users set ended = greatest(created, ${time}::timestamptz) where source = ${source} and ended is null`;
  return events;
}
