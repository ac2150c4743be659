/**
 * The recorder: every way in hands its submissions over here, and they are stored in order, as many in
 * one transaction as have gathered meanwhile (group commit). A submission's promise settles after the
 * commit, so an acknowledgement is true.
 *
 * @module
 */
import { MissingRecords } from "../db/store.ts";
import type { OutboxLine, OutboxSubmission, Receipt, Submission } from "../events/submission.ts";

/** Where submissions go: all of a group, or none. */
export interface RecorderPort {
  store(submissions: readonly Submission[]): Promise<readonly Receipt[]>;
  /** Whether an error speaks against the data itself, so that trying it again cannot help. */
  isRefusedData(error: unknown): boolean;
}

/** Accepts submissions until it is closed. */
export interface Recorder {
  /** Resolves after the commit; rejects when nothing of the submission was stored. */
  submit(submission: Submission): Promise<Receipt>;
  /** Refuses new work and waits until what was accepted is settled. */
  drain(): Promise<void>;
}

/** The recorder takes nothing more: the service stops. The caller tries another instance, or again. */
export class RecorderClosed extends Error {
  override name = "RecorderClosed";
}

/** Most events in one transaction: bounds how long other writers wait for their turn. */
const mostPerGroup = 2000;

/** Makes a recorder. */
export function createRecorder(port: RecorderPort): Recorder {
  let queue: Waiting[] = [];
  let working: Promise<void> | undefined;
  let closed = false;
  /** Sources of which a run failed, until their outbox is subscribed to anew. */
  const broken = new Set<string>();

  async function work(): Promise<void> {
    while (queue.length > 0) {
      const group = takeGroup();
      try {
        const receipts = await port.store(group.map(({ submission }) => submission));
        group.forEach(({ resolve }, i) => resolve(receipts[i]!));
      } catch (error) {
        // Neither speaks against the others of the group.
        const ofOne = port.isRefusedData(error) || error instanceof MissingRecords;
        if (ofOne) await storeApart(port, group, fail, error);
        else for (const waiting of group) fail(waiting, error);
      }
    }
    working = undefined;
  }

  /** What waits behind a run that failed fails too, or the outbox would forget what it never got stored. */
  function fail({ submission, reject }: Waiting, error: unknown): void {
    reject(error);
    if (submission.origin !== "outbox") return;
    broken.add(submission.source);
    const behind = queue.filter((waiting) => isOutboxOf(waiting.submission, submission.source));
    queue = queue.filter((waiting) => !behind.includes(waiting));
    for (const waiting of behind) waiting.reject(error);
  }

  function follows({ source, resumes }: OutboxSubmission): boolean {
    if (resumes) broken.delete(source);
    return !broken.has(source);
  }

  function takeGroup(): Waiting[] {
    let size = 0;
    const end = queue.findIndex(({ submission }, i) => (size += weigh(submission)) > mostPerGroup && i > 0);
    return end === -1 ? queue.splice(0) : queue.splice(0, end);
  }

  return {
    submit(submission) {
      if (closed) return Promise.reject(new RecorderClosed("the recorder is closed"));
      if (submission.origin === "outbox" && !follows(submission)) {
        return Promise.reject(new Error("a run before this one was not stored"));
      }
      const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
      queue.push({ submission, resolve, reject });
      // One turn of the event loop later, so that what arrives together is stored together.
      working ??= Promise.resolve().then(work);
      return promise;
    },
    async drain() {
      closed = true;
      await working;
      queue = [];
    },
  };
}

// ---

interface Waiting {
  readonly submission: Submission;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

function weigh(submission: Submission): number {
  return submission.origin === "outbox" ? submission.lines.length : submission.events.length;
}

function isOutboxOf(submission: Submission, source: string): boolean {
  return submission.origin === "outbox" && submission.source === source;
}

/**
 * Something in a group cannot be stored: stores each by itself, and what the database refuses of a run is
 * found by halving and kept among the refused.
 */
async function storeApart(
  port: RecorderPort,
  group: readonly Waiting[],
  fail: (waiting: Waiting, error: unknown) => void,
  error: unknown,
): Promise<void> {
  const failed = new Map<string, unknown>();
  for (const waiting of group) {
    const { submission, resolve } = waiting;
    try {
      if (submission.origin === "outbox" && failed.has(submission.source)) {
        throw failed.get(submission.source);
      }
      if (submission.origin === "telemetry") {
        // A client's batch is answered as a whole: what the database refuses is the client's to hear.
        const [receipt] = await port.store([submission]);
        resolve(receipt!);
      } else {
        await storeLines(port, submission, group.length === 1 ? error : undefined);
        resolve({});
      }
    } catch (failure) {
      if (submission.origin === "outbox") failed.set(submission.source, failure);
      fail(waiting, failure);
    }
  }
}

async function storeLines(port: RecorderPort, run: OutboxSubmission, known?: unknown): Promise<void> {
  try {
    if (known !== undefined) throw known;
    await port.store([run]);
  } catch (error) {
    if (!port.isRefusedData(error)) throw error;
    const [only] = run.lines;
    if (run.lines.length > 1) {
      const middle = run.lines.length >> 1;
      await storeLines(port, { ...run, lines: run.lines.slice(0, middle) });
      await storeLines(port, { ...run, lines: run.lines.slice(middle) });
    } else if (only) {
      await port.store([{ ...run, lines: [refuse(only, error)] }]);
    }
  }
}

function refuse(line: OutboxLine, error: unknown): OutboxLine {
  const record = "record" in line ? JSON.stringify(line.record) : line.refusal.record;
  const message = error instanceof Error ? error.message : String(error);
  return { seq: line.seq, refusal: { code: "refused_by_database", message, record, plain: true } };
}
