/**
 * Submissions: what the ways in hand over to be stored, and what becomes of it. Prosody's outbox submits
 * runs of records, clients submit telemetry over REST.
 *
 * @module
 */
import type { NewEvent } from "./event.ts";
import type { SessionStarted, SourceRecord } from "./record.ts";

/** What a session runs on, as its User-Agent reads. Empty strings where that does not say. */
export interface Device {
  readonly type: "browser" | "mobile";
  /** Name and version, e.g. `Windows 10`. */
  readonly os: string;
  /** Name and version, e.g. `Chrome 140.0.0.0`. */
  readonly browser: string;
  readonly useragent: string;
}

/** What did not validate, and why. */
export interface Refusal {
  /** Stable, for programs: `invalid_record`, `unknown_room`. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** As it came. */
  readonly record: string;
  /** The database has refused what is in it: nothing that is kept of it may have that again. */
  readonly plain?: boolean;
}

/** A record as it was read: the start of a session comes with its device. */
export type ReadRecord =
  | { readonly record: Exclude<SourceRecord, SessionStarted> }
  | { readonly record: SessionStarted; readonly device: Device };

/** One line of an outbox, by its sequence. */
export type OutboxLine = { readonly seq: number } & (ReadRecord | { readonly refusal: Refusal });

/** A run of records from a Prosody's outbox, in order. */
export interface OutboxSubmission {
  readonly origin: "outbox";
  readonly source: string;
  readonly epoch: string;
  readonly lines: readonly OutboxLine[];
  /** First of a subscription: the outbox has nothing older that is not stored, whatever is missing. */
  readonly resumes?: boolean;
}

/** Events and refusals that a client reported over REST. */
export interface TelemetrySubmission {
  readonly origin: "telemetry";
  readonly sessionid: string;
  readonly events: readonly NewEvent[];
  readonly refusals: readonly Refusal[];
  /** Makes a repeated batch harmless. */
  readonly once?: Idempotency;
}

/** A client's key for a batch, and what the batch was and is answered. */
export interface Idempotency {
  readonly key: string;
  readonly digest: string;
  /** JSON of the answer. */
  readonly answer: string;
}

export type Submission = OutboxSubmission | TelemetrySubmission;

/** What became of a submission. `earlier`: nothing, for a batch with its key is stored already. */
export interface Receipt {
  readonly earlier?: Pick<Idempotency, "digest" | "answer">;
}
