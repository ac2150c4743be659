/**
 * Rooms, occupants and readings of measurements, computed again from the log by the same code as ingest applies. What the log does
 * not tell (sessions; a room's JID and source) is left as it is (ADR 0007).
 *
 * @module
 */
import { fold } from "../events/fold.ts";
import { addressed, applyStays, endStays } from "./apply.ts";
import { type Sql, textArray, type Transaction } from "./connect.ts";
import { rebuildReadings } from "./readings.ts";
import { forgetRoomFigures } from "./room_figures.ts";
import { roomHistory } from "./room_history.ts";
import { transaction } from "./transaction.ts";

/** What a rebuild did. */
export interface Rebuilt {
  /** Rooms computed again. */
  readonly rooms: number;
  /** Rooms left as they are, for the log no longer has (or never had) their beginning. */
  readonly kept: number;
  /** Rows that were there and should not be, or should be and were not; one that differs is both. */
  readonly corrections: { readonly rooms: number; readonly occupants: number };
  /** The same of what was read of measurements. */
  readonly readings: number;
}

/** Told after every page of rooms. */
export type Progress = (done: number, total: number) => void;

/** Computes all rooms, occupants and readings again, in one transaction. Ingest waits until it is over. */
export async function rebuild(sql: Sql, progress: Progress = () => {}): Promise<Rebuilt> {
  return await transaction(sql, async (tx) => {
    await holdIngest(tx);
    // What is computed from stays is neither right nor wrong here.
    await tx`update rooms set peak = null, stayed = null where peak is not null`;
    await tx`create temp table rooms_before on commit drop as table rooms`;
    await tx`create temp table occupants_before on commit drop as table occupants`;
    await removeUntold(tx);

    const [{ total }] = await tx<[{ total: number }]>`select count(*) as total from rooms`;
    let [rooms, done] = [0, 0];
    for (let page = await readRoomIds(tx); page.length > 0; page = await readRoomIds(tx, page.at(-1))) {
      rooms += await rebuildRooms(tx, page);
      progress(done += page.length, total);
    }
    const [corrections] = await tx<[Rebuilt["corrections"]]>`
      select ${difference(tx, "rooms")} as rooms, ${difference(tx, "occupants")} as occupants`;
    return { rooms, kept: total - rooms, corrections, readings: await rebuildReadings(tx) };
  });
}

/** Makes writers of records wait until this transaction ends, and waits for those under way. */
export async function holdIngest(tx: Transaction): Promise<void> {
  await tx`lock table sources in share row exclusive mode`;
}

/** Computes these rooms again, but for those whose beginning is not in the log. Returns how many it did. */
export async function rebuildRooms(tx: Transaction, ids: readonly string[]): Promise<number> {
  const known = await tx<{ id: string; jid: string }[]>`
    select id, jid from rooms where id = any(${textArray(ids)}::uuid[]) for update`;
  const jids = new Map(known.map(({ id, jid }) => [id, jid]));
  const [{ whole }] = await tx<[{ whole: boolean }]>`select earliest = 1 as whole from log_head`;
  const histories = Map.groupBy(await roomHistory(tx, ids), ({ room_id }) => room_id);
  const told = [...histories.values()].filter(([first]) => whole || first?.type === "room_created").flat();

  const { rooms, stays } = fold(told);
  if (rooms.length === 0) return 0;
  const named = rooms.map((room) => addressed(room, jids));
  await tx`
    update rooms r set name = f.name, created = f.created, ended = f.ended
    from jsonb_to_recordset(${JSON.stringify(named)}::text::jsonb)
      as f (id uuid, name text, created timestamptz, ended timestamptz)
    where r.id = f.id`;
  await tx`
    delete from occupants where room_id = any(${textArray(rooms.map(({ id }) => id))}::uuid[])`;
  await applyStays(tx, stays);
  await endStays(tx, rooms);
  await forgetRoomFigures(tx, rooms.map(({ id }) => id));
  return rooms.length;
}

// ---

/** A page of the rooms, by id. */
async function readRoomIds(
  tx: Transaction,
  after = "00000000-0000-0000-0000-000000000000",
): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`select id from rooms where id > ${after} order by id limit 200`;
  return rows.map(({ id }) => id);
}

/** Rooms of which a whole log has no event never were. */
async function removeUntold(tx: Transaction): Promise<void> {
  const untold = tx`
    select id from rooms r
    where (select earliest = 1 from log_head) and not exists (select from events where room_id = r.id)`;
  await tx`delete from occupants where room_id in (${untold})`;
  await tx`delete from rooms where id in (${untold})`;
}

/** How many rows a table has lost and got since it was copied. */
function difference(tx: Transaction, table: "rooms" | "occupants") {
  const [now, before] = [tx(table), tx(`${table}_before`)];
  return tx`(select count(*) from (
    (table ${before} except table ${now}) union all (table ${now} except table ${before})) changed)`;
}
