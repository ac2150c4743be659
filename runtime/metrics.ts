/**
 * What Prometheus reads of the service. Gauges are read when scraped; only requests and stored records are
 * counted as they happen.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Receipt, Submission } from "../events/submission.ts";
import { type Budget, budgets, type Place, places } from "../routes/limits.ts";
import type { ProsodyStatus } from "../ingest/outbox_connection.ts";

/** What the gauges look at. */
export interface Measured {
  readonly prosody: () => ProsodyStatus;
  readonly hub: () => { readonly readers: number; readonly head: number };
}

export interface Metrics {
  /** Counts and times requests, by route, method and status. */
  readonly middleware: MiddlewareHandler;
  /** Counts what a store call has stored. */
  countStored(submissions: readonly Submission[], receipts: readonly Receipt[]): void;
  /** Counts a refusal of somebody who has taken too much. */
  countLimit(limit: Budget | Place): void;
  /** Sets what the gauges look at. */
  measure(measured: Measured): void;
  /** The exposition text and its media type. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>;
}

/** The methods that are told apart. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Makes the service's metrics, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: "talky_http_request_duration_seconds",
    help: "Time to an answer, by route, method and status. The stream counts when it is accepted",
    labelNames: ["route", "method", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const records = new Counter({
    name: "talky_records_stored_total",
    help: "Records and events handed over and committed, by origin; repeats included",
    labelNames: ["origin"],
    registers,
  });
  const refused = new Counter({
    name: "talky_records_refused_total",
    help: "Records and telemetry items kept in `rejected`, by origin; repeats included",
    labelNames: ["origin"],
    registers,
  });

  const limitsMet = new Counter({
    name: "talky_limits_met_total",
    help: "Requests and connections refused because somebody has taken too much, by limit",
    labelNames: ["limit"],
    registers,
  });
  for (const limit of [...budgets, ...places]) limitsMet.inc({ limit }, 0);

  return {
    middleware: async (c, next) => {
      const end = requests.startTimer();
      await next();
      // A client may make up methods, but not our labels.
      const method = methods.has(c.req.method) ? c.req.method : "other";
      end({ route: routePath(c, -1), method, status: c.res.status });
    },
    countStored(submissions, receipts) {
      submissions.forEach((submission, i) => {
        if (receipts[i]?.earlier) return;
        const { origin } = submission;
        const bad = origin === "outbox"
          ? submission.lines.filter((line) => "refusal" in line).length
          : submission.refusals.length;
        const all = origin === "outbox" ? submission.lines.length : submission.events.length + bad;
        records.inc({ origin }, all - bad);
        refused.inc({ origin }, bad);
      });
    },
    countLimit: (limit) => limitsMet.inc({ limit }),
    measure({ prosody, hub }) {
      const gauge = (name: string, help: string, read: () => number | undefined) =>
        new Gauge({
          name,
          help,
          registers,
          collect() {
            const value = read();
            // Nobody knows: not there, rather than 0.
            if (value === undefined) this.remove();
            else this.set(value);
          },
        });
      gauge("talky_stream_readers", "Readers of the live stream", () => hub().readers);
      gauge("talky_stream_head", "Newest event that the stream has", () => hub().head);
      gauge(
        "talky_prosody_connected",
        "1 while the outbox is subscribed to",
        () => Number(prosody().connected),
      );
      gauge("talky_prosody_active", "1 while Prosody feeds this instance", () => Number(prosody().active));
      gauge(
        "talky_outbox_pending_records",
        "Records that wait in Prosody's outbox",
        () => prosody().outbox?.pending,
      );
      gauge("talky_outbox_bytes", "What the outbox holds on disk", () => prosody().outbox?.bytes);
      gauge(
        "talky_outbox_limit_bytes",
        "What the outbox may hold before nothing new begins",
        () => prosody().outbox?.limit,
      );
      gauge(
        "talky_outbox_held_records",
        "Records that wait in Prosody's memory, for its disk refuses them",
        () => prosody().outbox?.held,
      );
      gauge(
        "talky_outbox_lost_records",
        "Records of the outbox that damage on its disk has cost",
        () => prosody().outbox?.lost,
      );
    },
    async render() {
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
