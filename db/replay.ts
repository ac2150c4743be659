/**
 * Storing what was refused once and is valid now. The effect of a refusal and its end are one transaction,
 * so it is had once, however often and by however many a replay is asked for (ADR 0007).
 *
 * @module
 */
import type { NewEvent } from "../events/event.ts";
import { fold, foldSessions } from "../events/fold.ts";
import { isRoomRecord, toEvent } from "../events/record.ts";
import type { ReadRecord, Refusal } from "../events/submission.ts";
import { applyChanges, applySessions } from "./apply.ts";
import { isRefusedData, type Sql, type Transaction } from "./connect.ts";
import { appendEvents } from "./log.ts";
import { storeReadings } from "./readings.ts";
import { holdIngest, rebuildRooms } from "./rebuild.ts";
import { nameRooms } from "./room_names.ts";
import { transaction } from "./transaction.ts";

/** A row of `rejected`. */
export interface Refused extends Refusal {
  readonly origin: "outbox" | "telemetry";
  /** outbox: source/epoch/sequence; telemetry: the session's id. */
  readonly origin_ref: string;
  /** When it was refused. */
  readonly time: string;
}

/** Why something is refused. */
export type Reason = Pick<Refusal, "code" | "message">;

/** Reads what was refused again, by today's rules. */
export type Reread = (
  tx: Transaction,
  refused: Refused,
) => Promise<ReadRecord | { event: NewEvent } | { refusal: Reason }>;

/** Which refusals. Nothing: all. */
export interface RefusedQuery {
  readonly id?: number | undefined;
  readonly code?: string | undefined;
}

/** Ids of refusals, oldest first. */
export async function findRefused(sql: Sql, { id, code }: RefusedQuery): Promise<number[]> {
  const rows = await sql<{ id: number }[]>`
    select id from rejected
    where true ${id === undefined ? sql`` : sql`and id = ${id}`}
      ${code === undefined ? sql`` : sql`and code = ${code}`}
    order by id`;
  return rows.map(({ id }) => id);
}

/**
 * Stores one refusal's effect and removes it. Returns why it stays refused; `"stored"`; or `"gone"`, when
 * somebody else has replayed it.
 */
export async function replay(
  sql: Sql,
  id: number,
  reread: Reread,
): Promise<"stored" | "gone" | Reason> {
  try {
    return await transaction(sql, async (tx) => {
      // One replay at a time, too.
      await holdIngest(tx);
      const [refused] = await tx<Refused[]>`
        select origin, origin_ref, code, message, coalesce(convert_from(bytes, 'UTF8'), record) as record,
          utc(time) as time
        from rejected where id = ${id}`;
      if (!refused) return "gone";
      const reading = await reread(tx, refused);
      if ("refusal" in reading) return reading.refusal;
      if ("event" in reading) {
        await appendEvents(tx, [replayed(reading.event)]);
        await storeReadings(tx, [reading.event]);
      } else {
        const reason = await storeRecord(tx, reading, sourceOf(refused));
        if (reason) return reason;
      }
      await tx`delete from rejected where id = ${id}`;
      return "stored";
    });
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    return { code: "refused_by_database", message: (error as Error).message };
  }
}

// ---

/** Stores a record after its time: it takes effect as if it had come when it should have. */
async function storeRecord(tx: Transaction, read: ReadRecord, source: string): Promise<Reason | undefined> {
  const { record } = read;
  if (isRoomRecord(record)) {
    const { id, jid } = record.room;
    const [named = record] = await nameRooms(tx, [record]);
    const event = toEvent(named);
    // The room may be unknown, if this is all that was told of it.
    const changes = { ...fold([event]), stays: [], departures: [] };
    await applyChanges(tx, changes, { source, jids: new Map([[id, jid]]) });
    await appendEvents(tx, [replayed(event)]);
    await rebuildRooms(tx, [id]);
  } else if (record.type === "epoch_started") {
    // It would close what has been opened since.
    return { code: "too_late", message: "the next start of this source closes what was open at this one" };
  } else if (!await hasEnded(tx, record.actor)) {
    await applySessions(tx, foldSessions([read]), source);
  }
}

function replayed(event: NewEvent): NewEvent {
  return { ...event, data: { ...event.data, replayed: true } };
}

async function hasEnded(tx: Transaction, sessionid: string): Promise<boolean> {
  return (await tx`select 1 from users where sessionid = ${sessionid} and ended is not null`).length > 0;
}

/** The source in `source/epoch/sequence`. */
function sourceOf({ origin_ref }: Refused): string {
  return origin_ref.split("/").slice(0, -2).join("/");
}
