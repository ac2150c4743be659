/**
 * Applies what the fold concluded to rooms, occupants and users. Every statement can be repeated: the same
 * changes applied twice leave the same rows.
 *
 * @module
 */
import type { Changes, Departure, RoomChange, SessionChange, Stay } from "../events/fold.ts";
import { nodeOf, roomNameOf } from "../events/room_name.ts";
import { textArray, type Transaction } from "./connect.ts";
import { forgetRoomFigures } from "./room_figures.ts";

/** What the log does not tell of rooms: where they are, by their ids, and the Prosody node they are on. */
export interface Whereabouts {
  readonly source: string;
  readonly jids: ReadonlyMap<string, string>;
}

/** Applies what events change, within a transaction. */
export async function applyChanges(
  tx: Transaction,
  { rooms, stays, departures }: Changes,
  whereabouts: Whereabouts,
): Promise<void> {
  await applyRooms(tx, rooms, whereabouts);
  await applyDepartures(tx, departures);
  await applyStays(tx, stays);
  await endStays(tx, rooms);
  await forgetRoomFigures(tx, [
    ...rooms.map(({ id }) => id),
    ...[...stays, ...departures].map(({ room_id }) => room_id),
  ]);
}

/**
 * Applies what records say of sessions. A session may be known already, from the client's request for its
 * configuration: what that said stays.
 */
export async function applySessions(
  tx: Transaction,
  sessions: readonly SessionChange[],
  source: string,
): Promise<void> {
  const started = sessions.flatMap(({ sessionid, started, ended }) =>
    started ? [{ sessionid, userid: started.userid, ...started.device, created: started.time, ended }] : []
  );
  const ended = sessions.filter(({ started }) => !started);
  if (started.length > 0) {
    await tx`
      insert into users (sessionid, userid, type, os, browser, useragent, created, ended, source)
      select sessionid, userid, type, os, browser, useragent, created, ended, ${source}
      from jsonb_to_recordset(${JSON.stringify(started)}::text::jsonb)
        as s (sessionid uuid, userid text, type text, os text, browser text, useragent text,
              created timestamptz, ended timestamptz)
      on conflict (sessionid) do update set ended = excluded.ended, source = excluded.source`;
  }
  if (ended.length > 0) {
    await tx`
      update users u set ended = s.ended
      from jsonb_to_recordset(${JSON.stringify(ended)}::text::jsonb) as s (sessionid uuid, ended timestamptz)
      where u.sessionid = s.sessionid`;
  }
}

/** Stores stays that began in the records at hand. */
export async function applyStays(tx: Transaction, stays: readonly Stay[]): Promise<void> {
  if (stays.length === 0) return;
  await tx`
    insert into occupants (room_id, sessionid, userid, joined, "left")
    select room_id, sessionid, userid, joined, "left"
    from jsonb_to_recordset(${JSON.stringify(stays)}::text::jsonb)
      as s (room_id uuid, sessionid uuid, userid text, joined timestamptz, "left" timestamptz)
    on conflict (room_id, sessionid, joined) do update set "left" = excluded."left"`;
}

/** Nobody is in a room that has ended, though the record of a leaving may have been refused. */
export async function endStays(tx: Transaction, rooms: readonly RoomChange[]): Promise<void> {
  const ended = rooms.filter((room) => room.ended !== null).map(({ id }) => id);
  if (ended.length === 0) return;
  await tx`
    update occupants o set "left" = greatest(joined, r.ended) from rooms r
    where r.id = o.room_id and r.id = any(${textArray(ended)}::uuid[]) and o."left" is null`;
}

/** A room with its JID, which tells its name where no event does. */
export function addressed(room: RoomChange, jids: Whereabouts["jids"]): RoomChange & { jid: string } {
  const jid = jids.get(room.id)!;
  return { ...room, jid, name: room.name ?? roomNameOf(nodeOf(jid)) };
}

// ---

async function applyRooms(
  tx: Transaction,
  changes: readonly RoomChange[],
  { source, jids }: Whereabouts,
): Promise<void> {
  if (changes.length === 0) return;
  const rooms = changes.map((room) => addressed(room, jids));
  await tx`
    insert into rooms (id, name, jid, created, ended, source)
    select id, name, jid, created, ended, ${source}
    from jsonb_to_recordset(${JSON.stringify(rooms)}::text::jsonb)
      as r (id uuid, name text, jid text, created timestamptz, ended timestamptz)
    on conflict (id) do update set ended = coalesce(rooms.ended, excluded.ended)
    where rooms.ended is distinct from coalesce(rooms.ended, excluded.ended)`;
}

async function applyDepartures(tx: Transaction, departures: readonly Departure[]): Promise<void> {
  if (departures.length === 0) return;
  await tx`
    update occupants o set "left" = d."left"
    from jsonb_to_recordset(${JSON.stringify(departures)}::text::jsonb)
      as d (room_id uuid, sessionid uuid, "left" timestamptz)
    where o.room_id = d.room_id and o.sessionid = d.sessionid and o."left" is null`;
}
