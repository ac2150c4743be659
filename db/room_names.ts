/**
 * Names of rooms as people write them. Prosody sees a room's node only, so what a session wrote when it asked
 * for the room's address is kept until the session is over: if it makes the room, that is the room's name
 * (ADR 0011).
 *
 * @module
 */
import type { RoomRecord } from "../events/record.ts";
import { nodeOf, roomNameOf } from "../events/room_name.ts";
import type { Sql, Transaction } from "./connect.ts";

/** Most names that are kept of one session: the latest. */
const mostNames = 100;

/** Most characters of a name in the log; of a longer one its normal form is kept. */
const longestName = 1023;

/** A name that a session wrote, and the node of the room that it means. */
export interface WrittenName {
  readonly sessionid: string;
  readonly node: string;
  readonly name: string;
}

/** Keeps what a session wrote, if the node does not tell it. */
export async function keepRoomName(sql: Sql, { sessionid, node, name }: WrittenName): Promise<void> {
  if (name === roomNameOf(node) || name.length > longestName) return;
  await sql`
    with kept as (
      insert into room_names (sessionid, node, name) values (${sessionid}, ${node}, ${name})
      on conflict (sessionid, node) do update set name = excluded.name, asked = now())
    delete from room_names where sessionid = ${sessionid} and node in (
      select node from room_names where sessionid = ${sessionid} and node <> ${node}
      order by asked desc offset ${mostNames - 1})`;
}

/** The records of rooms' beginnings, with the name as their creator wrote it; all others as they are. */
export async function nameRooms(
  tx: Transaction,
  records: readonly RoomRecord[],
): Promise<readonly RoomRecord[]> {
  const created = records.flatMap((record) =>
    record.type === "room_created" ? [{ sessionid: record.actor ?? null, node: nodeOf(record.room.jid) }] : []
  );
  if (created.length === 0) return records;
  const written = await tx<WrittenName[]>`
    select sessionid, node, name from room_names
    join jsonb_to_recordset(${JSON.stringify(created)}::text::jsonb) as c (sessionid uuid, node text)
      using (sessionid, node)`;
  const names = new Map(written.map(({ sessionid, node, name }) => [`${sessionid} ${node}`, name]));
  return records.map((record) => {
    if (record.type !== "room_created") return record;
    const node = nodeOf(record.room.jid);
    const name = names.get(`${record.actor} ${node}`) ?? roomNameOf(node);
    return { ...record, data: { ...record.data, name } };
  });
}

/** Forgets what sessions wrote that are over. */
export async function forgetRoomNames(sql: Sql): Promise<void> {
  await sql`
    delete from room_names n
    where not exists (select from users u where u.sessionid = n.sessionid and u.ended is null)`;
}
