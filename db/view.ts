/**
 * What a view shows, as pieces of queries.
 *
 * @module
 */
import { splitRooms, type View } from "../events/view.ts";
import { type Sql, textArray, type Transaction } from "./connect.ts";

/** The condition that the room whose id is in `column` is shown. Which these are is found first: they are few. */
export function showsRoom(sql: Sql | Transaction, column: string, { rooms }: View) {
  if (rooms === undefined) return sql`true`;
  const { ids, nodes } = roomArrays(rooms);
  return sql`${sql(column)} = any(array(select id from rooms where id = any(${ids}::uuid[])
    union select id from rooms where split_part(jid, '@', 1) = any(${nodes}::text[])))`;
}

/** The condition that the event type in `column` is shown. */
export function showsType(sql: Sql | Transaction, column: string, { types }: View) {
  return types === undefined ? sql`true` : sql`${sql(column)} = any(${textArray(types)}::text[])`;
}

/** The condition that the session whose id is in `column` has been in a room that is shown. */
export function showsSession(sql: Sql | Transaction, column: string, view: View) {
  if (view.rooms === undefined) return sql`true`;
  return sql`${sql(column)} = any(array(
    select distinct stay.sessionid from occupants stay where ${showsRoom(sql, "stay.room_id", view)}))`;
}

/** A view's rooms as array literals. */
export function roomArrays(rooms: readonly string[]): { readonly ids: string; readonly nodes: string } {
  const { ids, nodes } = splitRooms(rooms);
  return { ids: textArray(ids), nodes: textArray(nodes) };
}
