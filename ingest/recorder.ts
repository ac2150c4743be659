/**
 * The recorder: every way in hands its submissions over here, and they are stored in order, as many in
 * one transaction as have gathered meanwhile (group commit). A submission's promise settles after the
 * commit, so whoever acknowledges does it truthfully.
 *
 * @module
 */
import type { OutboxLine, OutboxSubmission, Submission, TelemetrySubmission } from "../db/store.ts";

/** Where submissions go: all of a group, or none. */
export interface RecorderPort {
  store(submissions: readonly Submission[]): Promise<void>;
  /** Whether an error speaks against the data itself, so that trying it again cannot help. */
  isRefusedData(error: unknown): boolean;
}

/** Accepts submissions until it is closed. */
export interface Recorder {
  /** Resolves after the commit; rejects when nothing of the submission was stored. */
  submit(submission: Submission): Promise<void>;
  /** Refuses new work and waits until what was accepted is settled. */
  drain(): Promise<void>;
}

/** Most events in one transaction: bounds how long other writers wait for their turn. */
const mostPerGroup = 2000;

/** Makes a recorder. */
export function createRecorder(port: RecorderPort): Recorder {
  let queue: Waiting[] = [];
  let working: Promise<void> | undefined;
  let closed = false;

  async function work(): Promise<void> {
    while (queue.length > 0) {
      const group = takeGroup();
      try {
        await port.store(group.map(({ submission }) => submission));
        for (const { resolve } of group) resolve();
      } catch (error) {
        if (!port.isRefusedData(error)) { for (const { reject } of group) reject(error); }
        else await storeApart(port, group, error);
      }
    }
    working = undefined;
  }

  function takeGroup(): Waiting[] {
    let size = 0;
    const end = queue.findIndex(({ submission }, i) => (size += weigh(submission)) > mostPerGroup && i > 0);
    return end === -1 ? queue.splice(0) : queue.splice(0, end);
  }

  return {
    submit(submission) {
      if (closed) return Promise.reject(new Error("the recorder is closed"));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
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
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function weigh(submission: Submission): number {
  return submission.origin === "outbox" ? submission.lines.length : submission.events.length;
}

/** The database refused something in a group: finds it by halving, and keeps it among the refused. */
async function storeApart(port: RecorderPort, group: readonly Waiting[], error: unknown): Promise<void> {
  for (const { submission, resolve, reject } of group) {
    try {
      if (submission.origin === "outbox") {
        await storeLines(port, submission, group.length === 1 ? error : undefined);
      } else await storeTelemetry(port, submission);
      resolve();
    } catch (failure) {
      reject(failure);
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

/** A client's batch is answered as a whole: what the database refuses is the client's to hear. */
async function storeTelemetry(port: RecorderPort, submission: TelemetrySubmission): Promise<void> {
  await port.store([submission]);
}

function refuse(line: OutboxLine, error: unknown): OutboxLine {
  const record = "record" in line ? JSON.stringify(line.record) : line.refusal.record;
  const message = error instanceof Error ? error.message : String(error);
  return { seq: line.seq, refusal: { code: "refused_by_database", message, record } };
}
