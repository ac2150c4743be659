/**
 * Reading a batch of Prosody's outbox: the lines of a `<batch>` (see `prosody/README.md`) become records
 * or refusals, each with its sequence. A line that does not validate never stops the next.
 *
 * @module
 */
import { z } from "zod";
import { faultsText } from "../events/faults.ts";
import { SourceRecord } from "../events/record.ts";
import { isStorable } from "../events/storable.ts";
import type { OutboxLine, OutboxSubmission, ReadRecord, Refusal } from "../events/submission.ts";
import { parseDevice } from "./device.ts";

/** Attributes of `<batch>` and `<subscribed>` that tell how the outbox is doing. */
export const OutboxStatus = z.object({
  source: z.string().min(1).max(255),
  epoch: z.string().min(1).max(255),
  /** Records that wait behind this answer or batch. */
  pending: z.coerce.number().int().nonnegative(),
  /** What the outbox holds on disk, and from where on nothing new begins. */
  bytes: z.coerce.number().int().nonnegative(),
  limit: z.coerce.number().int().nonnegative(),
  /** Records that wait in Prosody's memory, for its disk refuses them. */
  held: z.coerce.number().int().nonnegative().default(0),
  /** Records that damage on its disk has cost since the outbox exists. */
  lost: z.coerce.number().int().nonnegative(),
});
export type OutboxStatus = z.infer<typeof OutboxStatus>;

const BatchHeader = OutboxStatus.extend({
  first: z.coerce.number().int().positive(),
  last: z.coerce.number().int().positive(),
});

/** The batch as a whole makes no sense: it is answered with an error and comes again. */
export class MalformedBatch extends Error {
  override name = "MalformedBatch";
}

/** Reads a batch from its element's attributes and text. Throws {@link MalformedBatch}. */
export function readBatch(
  attributes: Record<string, unknown>,
  text: string,
): { submission: OutboxSubmission; status: OutboxStatus } {
  const header = BatchHeader.safeParse(attributes);
  if (!header.success) throw new MalformedBatch(`attributes: ${z.prettifyError(header.error)}`);
  const { source, epoch, first, last } = header.data;
  const lines = text.split("\n");
  if (lines.length !== last - first + 1) {
    throw new MalformedBatch(
      `${lines.length} lines where first=${first} and last=${last} announce ${last - first + 1}`,
    );
  }
  return {
    submission: { origin: "outbox", source, epoch, lines: lines.map((line, i) => readLine(first + i, line)) },
    status: OutboxStatus.parse(attributes),
  };
}

/** Reads one line, by its sequence. */
export function readLine(seq: number, line: string): OutboxLine {
  const refuse = (code: string, message: string): { seq: number; refusal: Refusal } => {
    return { seq, refusal: { code, message, record: line } };
  };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return refuse("not_json", "the line is not JSON");
  }
  // Whether escapes are pairs shows only in what JSON.stringify makes of them.
  if (!isStorable(JSON.stringify(value))) {
    return refuse("unstorable_character", "the record contains a NUL character or half a surrogate pair");
  }
  const parsed = SourceRecord.safeParse(value);
  if (!parsed.success) return refuse("invalid_record", faultsText(parsed.error.issues, "record"));
  return { seq, ...withDevice(parsed.data) };
}

/** Reads the User-Agent that the start of a session names. */
export function withDevice(record: SourceRecord): ReadRecord {
  return record.type === "session_started"
    ? { record, device: parseDevice(record.data.useragent) }
    : { record };
}
