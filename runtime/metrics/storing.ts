/**
 * What is stored: how much, how long it took, how late it came.
 *
 * @module
 */
import { Counter, Histogram, type Registry } from "prom-client";
import type { Receipt, Refusal, Submission } from "../../events/submission.ts";

/** What is counted of storing. */
export interface StoringMetrics {
  /** Counts what one transaction has stored, which took so many seconds. */
  countStored(submissions: readonly Submission[], receipts: readonly Receipt[], seconds: number): void;
}

/** Makes them. */
export function storingMetrics(registry: Registry): StoringMetrics {
  const registers = [registry];
  const records = new Counter({
    name: "talky_records_stored_total",
    help: "Records and events handed over and committed, by origin; repeats included",
    labelNames: ["origin"],
    registers,
  });
  const refused = new Counter({
    name: "talky_records_refused_total",
    help: "Records and telemetry items kept in `rejected`, by origin and reason; repeats included",
    labelNames: ["origin", "code"],
    registers,
  });
  const duration = new Histogram({
    name: "talky_store_duration_seconds",
    help: "Time of a transaction that stores, its waits for locks and for the disk included",
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15],
    registers,
  });
  const size = new Histogram({
    name: "talky_store_records",
    help: "Records and events in a transaction",
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000],
    registers,
  });
  const delay = new Histogram({
    name: "talky_ingest_delay_seconds",
    help: "From what Prosody saw to its commit, of the last record of a batch; both clocks in it",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600],
    registers,
  });
  return {
    countStored(submissions, receipts, seconds) {
      let all = 0;
      submissions.forEach((submission, i) => {
        if (receipts[i]?.earlier) return;
        const { origin } = submission;
        const refusals = refusalsOf(submission);
        const count = origin === "outbox"
          ? submission.lines.length
          : submission.events.length + refusals.length;
        records.inc({ origin }, count - refusals.length);
        for (const { code } of refusals) refused.inc({ origin, code });
        all += count;
        const seen = lastTime(submission);
        if (seen !== undefined) delay.observe(Math.max(0, (Date.now() - Date.parse(seen)) / 1000));
      });
      duration.observe(seconds);
      size.observe(all);
    },
  };
}

// ---

function refusalsOf(submission: Submission): readonly Refusal[] {
  if (submission.origin === "telemetry") return submission.refusals;
  return submission.lines.flatMap((line) => "refusal" in line ? [line.refusal] : []);
}

/** When Prosody saw the last of a batch. */
function lastTime(submission: Submission): string | undefined {
  const last = submission.origin === "outbox" ? submission.lines.at(-1) : undefined;
  return last && "record" in last ? last.record.time : undefined;
}
