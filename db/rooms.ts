/**
 * Queries of rooms and their occupants.
 *
 * @module
 */
import { messageReferences } from "../events/event.ts";
import type { View } from "../events/view.ts";
import { type Sql, textArray } from "./connect.ts";
import { showsRoom, showsType } from "./view.ts";

/** Which rooms, newest first. Absent: no restriction. */
export interface RoomQuery {
  /** What the reader may see at all. */
  readonly view: View;
  readonly active?: boolean | undefined;
  /** The node of its JID: {@link roomNode} of its name. */
  readonly node?: string | undefined;
  /** By `created`: from (inclusive) to (exclusive), RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Rooms created before this one, in the order of the list. */
  readonly before?: { readonly moment: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** A row's place in its list, and its JSON, built by the database. */
export interface ListedRow {
  readonly id: string;
  readonly moment: string;
  readonly json: string;
}

/** One page of rooms. */
export async function findRooms(sql: Sql, query: RoomQuery): Promise<ListedRow[]> {
  const { view, active, node, from, to, before, limit } = query;
  return await sql<ListedRow[]>`
    select id, utc(created) as moment, room_json(r)::text as json from rooms r
    where ${showsRoom(sql, "id", view)}
      ${active === undefined ? sql`` : active ? sql`and ended is null` : sql`and ended is not null`}
      ${node === undefined ? sql`` : sql`and split_part(jid, '@', 1) = ${node}`}
      ${from === undefined ? sql`` : sql`and created >= ${from}::timestamptz`}
      ${to === undefined ? sql`` : sql`and created < ${to}::timestamptz`}
      ${
    before === undefined
      ? sql``
      : sql`and (created, id) < (${before.moment}::timestamptz, ${before.id}::uuid)`
  }
    order by created desc, id desc limit ${limit}`;
}

/** A room's JSON with its current occupants and totals of what a view shows; null when there is none. */
export async function readRoom(sql: Sql, id: string, view: View): Promise<string | null> {
  const [row] = await sql<{ json: string }[]>`
    select row_to_json(shown)::text as json from (
      select r.id, r.name, r.jid, utc(r.created) as created, utc(r.ended) as ended,
        (select coalesce(json_agg(occupant_json(o) order by joined, sessionid), '[]')
          from occupants o where o.room_id = r.id and "left" is null) as occupants,
        (select row_to_json(counted) from (select
          (select count(distinct sessionid) from occupants o where o.room_id = r.id) as occupants,
          count(*) as events,
          count(*) filter (where type = 'message_sent' and not data ?| ${
    textArray(messageReferences)
  }::text[]) as messages
          from events e where e.room_id = r.id and ${showsType(sql, "e.type", view)}) counted) as totals
      from rooms r where id = ${id} and ${showsRoom(sql, "id", view)}) shown`;
  return row?.json ?? null;
}

/** Whether a view shows such a room. */
export async function roomExists(sql: Sql, id: string, view: View): Promise<boolean> {
  return (await sql`select 1 from rooms where id = ${id} and ${showsRoom(sql, "id", view)}`).length > 0;
}

/** Which stays in a room, in order of joining. */
export interface OccupantQuery {
  readonly present?: boolean | undefined;
  readonly after?: { readonly moment: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** One page of the stays in a room. */
export async function findOccupants(sql: Sql, room: string, query: OccupantQuery): Promise<ListedRow[]> {
  const { present, after, limit } = query;
  return await sql<ListedRow[]>`
    select sessionid as id, utc(joined) as moment, occupant_json(o)::text as json from occupants o
    where room_id = ${room}
      ${present === undefined ? sql`` : present ? sql`and "left" is null` : sql`and "left" is not null`}
      ${
    after === undefined
      ? sql``
      : sql`and (joined, sessionid) > (${after.moment}::timestamptz, ${after.id}::uuid)`
  }
    order by joined, sessionid limit ${limit}`;
}
