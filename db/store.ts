/**
 * The one way in: a group of submissions becomes one transaction that appends events, applies what they
 * change, moves every source's position and keeps what was refused. All of it is stored, or nothing.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { NewEvent } from "../events/event.ts";
import { fold, foldSessions } from "../events/fold.ts";
import { isRoomRecord, toEvent } from "../events/record.ts";
import { isStorable, toAscii } from "../events/storable.ts";
import type {
  Idempotency,
  OutboxSubmission,
  ReadRecord,
  Receipt,
  Refusal,
  Submission,
} from "../events/submission.ts";
import { applyChanges, applySessions } from "./apply.ts";
import type { Sql, Transaction } from "./connect.ts";
import { appendEvents } from "./log.ts";
import { storeReadings } from "./readings.ts";
import { reconcile } from "./reconcile.ts";
import { nameRooms } from "./room_names.ts";
import { transaction } from "./transaction.ts";

/** A run that does not follow what is stored: taking it would hide what is missing. It will come again. */
export class MissingRecords extends Error {
  override name = "MissingRecords";
}

/** Stores submissions in order, in one transaction. Records stored before are skipped by their position. */
export async function store(sql: Sql, submissions: readonly Submission[]): Promise<Receipt[]> {
  const gaps: Gap[] = [];
  const stored = await transaction(sql, async (tx) => {
    // A process that hangs in here would keep its locks, and block the one that takes over. Sent together with
    // the first statement.
    tx`set local idle_in_transaction_session_timeout = '10s'`.execute();
    const receipts = new Map<Submission, Receipt>();
    let events: NewEvent[] = [];
    for (const submission of joinRuns(submissions)) {
      if (startsEpoch(submission)) {
        // Reconciling reads the log, so what came before must be in it.
        await append(tx, events);
        events = [];
      }
      if (submission.origin === "telemetry") {
        const earlier = submission.once && await claimKey(tx, submission.sessionid, submission.once);
        if (earlier) {
          receipts.set(submission, { earlier });
          continue;
        }
        events.push(...submission.events);
        await keepRefusals(
          tx,
          "telemetry",
          submission.refusals.map((r) => ({ ...r, ref: submission.sessionid })),
        );
      } else {
        events.push(...await storeOutbox(tx, submission, (gap) => gaps.push(gap)));
      }
    }
    // Last, for it makes the other writers wait.
    await append(tx, events);
    return submissions.map((submission) => receipts.get(submission) ?? {});
  });
  for (const gap of gaps) {
    log.error(
      "{source}/{epoch}: records {from} to {to} are missing: lost to damage of the outbox, or to a database that " +
        "was restored from an earlier day",
      { ...gap },
    );
  }
  return stored;
}

// ---

const log = getLogger(["talky", "db"]);

/** Records that an outbox has no more, and that are not stored. */
interface Gap {
  readonly source: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
}

async function append(tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  await appendEvents(tx, events);
  await storeReadings(tx, events);
}

/** Takes an idempotency key for a batch, or returns who has it. Waits for a twin under way. */
async function claimKey(tx: Transaction, sessionid: string, { key, digest, answer }: Idempotency) {
  const claimed = await tx`
    insert into telemetry_batches (sessionid, key, digest, answer)
    values (${sessionid}, ${key}, ${digest}, ${answer}::text::jsonb)
    on conflict do nothing returning key`;
  if (claimed.length > 0) return undefined;
  const [row] = await tx<[Pick<Idempotency, "digest" | "answer">]>`
    select digest, answer::text as answer from telemetry_batches where sessionid = ${sessionid} and key = ${key}`;
  return row;
}

/** Whether a submission may be the first that is stored of its epoch. */
function startsEpoch(submission: Submission): boolean {
  return submission.origin === "outbox" && (submission.lines[0]?.seq === 1 || submission.resumes === true);
}

/** Stores all of an outbox's run but its events, which it returns. */
async function storeOutbox(
  tx: Transaction,
  run: OutboxSubmission,
  onGap: (gap: Gap) => void,
): Promise<NewEvent[]> {
  const { source, epoch } = run;
  const before = await lockPosition(tx, source, epoch);
  let stored = before;
  const fresh = run.lines.filter(({ seq }) => {
    if (seq <= stored) return false;
    stored = seq;
    return true;
  });
  const [earliest, last] = [fresh[0], fresh.at(-1)];
  if (!earliest || !last) return [];
  if (last.seq - earliest.seq >= fresh.length || (earliest.seq > before + 1 && !run.resumes)) {
    throw new MissingRecords(`${source}/${epoch}: ${earliest.seq} to ${last.seq} do not follow ${before}`);
  }
  if (earliest.seq > before + 1) onGap({ source, epoch, from: before + 1, to: earliest.seq - 1 });
  await tx`update sources set seq = ${last.seq} where source = ${source} and epoch = ${epoch}`;

  const read: ReadRecord[] = [];
  const refusals: (Refusal & { ref: string })[] = [];
  for (const line of fresh) {
    if ("record" in line) read.push(line);
    else refusals.push({ ...line.refusal, ref: `${source}/${epoch}/${line.seq}` });
  }
  await keepRefusals(tx, "outbox", refusals);

  // By the position, not by `epoch_started`: that may have been refused, or lost to damage.
  const began = read[0]?.record.time ?? new Date().toISOString();
  const corrections = before === 0 ? await reconcile(tx, source, began) : [];
  const records = await nameRooms(tx, read.map(({ record }) => record).filter(isRoomRecord));
  const events = records.map(toEvent);
  const jids = new Map(records.map(({ room }) => [room.id, room.jid]));
  await applySessions(tx, foldSessions(read), source);
  await applyChanges(tx, fold(events), { source, jids });
  return [...corrections, ...events];
}

/** Sequence up to which an epoch is stored; its row stays locked until the transaction ends. */
async function lockPosition(tx: Transaction, source: string, epoch: string): Promise<number> {
  const [row] = await tx<[{ seq: number }]>`
    insert into sources (source, epoch) values (${source}, ${epoch})
    on conflict (source, epoch) do update set seq = sources.seq
    returning seq`;
  return row.seq;
}

async function keepRefusals(
  tx: Transaction,
  origin: Submission["origin"],
  refusals: readonly (Refusal & { ref: string })[],
): Promise<void> {
  if (refusals.length === 0) return;
  await tx`
    insert into rejected (origin, origin_ref, code, message, record, bytes)
    select ${origin}, ref, code, message, record, decode(bytes, 'hex')
    from jsonb_to_recordset(${JSON.stringify(refusals.map(keepable))}::text::jsonb)
      as r (ref text, code text, message text, record text, bytes text)`;
}

/** A refusal in characters that any database has. A record that is not, is kept in bytes as well. */
function keepable({ ref, code, message, record, plain }: Refusal & { ref: string }) {
  const fits = !plain && [ref, message, record].every((text) => isStorable(JSON.stringify(text)));
  if (fits) return { ref, code, message, record };
  const ascii = toAscii(record);
  return {
    ref: toAscii(ref),
    code,
    message: toAscii(message),
    record: ascii,
    ...ascii !== record && { bytes: new TextEncoder().encode(record).toHex() },
  };
}

/** Joins neighbouring runs of one epoch, so that a window of batches costs one round of statements. */
function joinRuns(submissions: readonly Submission[]): Submission[] {
  const joined: Submission[] = [];
  for (const submission of submissions) {
    const before = joined.at(-1);
    if (
      before?.origin === "outbox" && submission.origin === "outbox" &&
      before.source === submission.source && before.epoch === submission.epoch
    ) {
      joined[joined.length - 1] = { ...before, lines: [...before.lines, ...submission.lines] };
    } else {
      joined.push(submission);
    }
  }
  return joined;
}
