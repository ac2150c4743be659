/**
 * Holds the log against what people did.
 *
 * @module
 */
import type { Sql } from "../../db/connect.ts";
import { findImbalance } from "./balance.ts";
import { compare, type SeenEvent } from "./comparison.ts";
import type { Told } from "./crowd.ts";

/** What came of it. */
export interface Verdict {
  /** Lives of rooms: to their end, given up when Prosody was gone, and begun without a word of it. */
  readonly rooms: { readonly completed: number; readonly broken: number; readonly unconfirmed: number };
  /** Events that were confirmed. */
  readonly expected: number;
  /** Events in the log. */
  readonly stored: number;
  /** Of those: written by reconciliation, and of rooms that broke, without having been confirmed. */
  readonly reconciled: number;
  readonly unconfirmed: number;
  readonly missing: number;
  readonly doubled: number;
  readonly misordered: number;
  /** What is still open: rooms, occupants and sessions. */
  readonly open: number;
  /** Records that the database refused. */
  readonly rejected: number;
  readonly dense: boolean;
  /** The first few things that are wrong, in words. */
  readonly faults: readonly string[];
}

/** Whether nothing is lost, doubled, misordered or left open. */
export function holds(verdict: Verdict): boolean {
  const { missing, doubled, misordered, open, rejected, dense, faults } = verdict;
  return missing + doubled + misordered + open + rejected + faults.length === 0 && dense;
}

/** How many rooms, occupants and sessions the database shows as open. */
export async function countOpen(sql: Sql): Promise<number> {
  const [row] = await sql`
    select (select count(*) from rooms where ended is null)
      + (select count(*) from occupants where "left" is null)
      + (select count(*) from users where ended is null and source is not null) as open`;
  return row!["open"];
}

/** Reads the log, and compares. */
export async function judge(sql: Sql, told: readonly Told[]): Promise<Verdict> {
  const log = await readLog(sql);
  const rooms = Map.groupBy(log, ({ room }) => room);
  const sum = { expected: 0, unconfirmed: 0, missing: 0, doubled: 0, misordered: 0 };
  const faults: string[] = [];

  for (const room of told) {
    const seen = rooms.get(room.id!) ?? [];
    const done = room.events.map(({ type, actor, peer, data }) => {
      return { type, actor, peer, subject: (data["sid"] ?? data["screen"] ?? null) as string | null };
    });
    const { wrong, ...counts } = compare(done, seen, room.broken !== undefined);
    for (const key of ["expected", "unconfirmed", "missing", "doubled", "misordered"] as const) {
      sum[key] += counts[key];
    }
    faults.push(...wrong.map((fault) => `${room.jid}${room.broken ? " (broken)" : ""}: ${fault}`));
  }
  const known = new Set(told.map(({ id }) => id));
  const strangers = [...rooms.keys()].filter((id) => !known.has(id!));
  sum.unconfirmed += strangers.reduce((count, id) => count + rooms.get(id)!.length, 0);
  for (const [id, events] of rooms) faults.push(...findImbalance(events).map((fault) => `${id}: ${fault}`));

  const [row] = await sql`select id as head, (select count(*) from rejected) as rejected from log_head`;
  return {
    rooms: {
      completed: told.filter(({ broken }) => !broken).length,
      broken: told.filter(({ broken }) => broken).length,
      unconfirmed: strangers.length,
    },
    ...sum,
    stored: log.length,
    reconciled: log.filter(({ reconciled }) => reconciled).length,
    open: await countOpen(sql),
    rejected: row!["rejected"],
    dense: log.every(({ id }, index) => id === index + 1) && row!["head"] === log.length,
    faults: faults.slice(0, 20),
  };
}

// ---

interface Row extends SeenEvent {
  readonly id: number;
  readonly room: string | null;
}

async function readLog(sql: Sql): Promise<Row[]> {
  return await sql<Row[]>`
    select id, room_id as room, type, actor_id as actor, peer_id as peer, utc(time) as time,
      coalesce(data->>'sid', data->>'screen') as subject, data ? 'reconciled' as reconciled
    from events order by id`;
}
