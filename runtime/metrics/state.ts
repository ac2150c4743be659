/**
 * How things stand when Prometheus asks.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from "prom-client";
import type { PoolStatus } from "../../db/pool.ts";
import type { Forgotten } from "../../db/retention.ts";
import type { ProsodyStatus } from "../../ingest/outbox_connection.ts";
import { type WebhookFigures, webhookStates } from "../../db/webhook_state.ts";
import { type Verdict, verdicts } from "../../webhooks/outcome.ts";
import { version } from "../../routes/version.ts";
import { closeCodes, type CloseReason } from "../../stream/close_codes.ts";

/** What the gauges look at. */
export interface Measured {
  readonly prosody: () => ProsodyStatus;
  readonly hub: () => { readonly readers: number; readonly head: number };
  readonly pool: () => PoolStatus;
  /** When the newest event happened (RFC 3339); undefined where there is none, or nobody knows. */
  readonly newest: () => Promise<string | undefined>;
  readonly webhooks: () => Promise<WebhookFigures | undefined>;
}

/** What is shown of the state. */
export interface StateMetrics {
  /** Counts a reader that the stream has closed. */
  countClosed(reason: CloseReason): void;
  /** Counts an attempt to deliver a webhook. */
  countDelivery(verdict: Verdict): void;
  /** Counts what a round of housekeeping has forgotten. */
  countForgotten(forgotten: Forgotten): void;
  /** Sets what the gauges look at. */
  measure(measured: Measured): void;
}

/** Makes them. */
export function stateMetrics(registry: Registry): StateMetrics {
  const registers = [registry];
  const closed = new Counter({
    name: "talky_stream_closed_total",
    help: "Readers that the stream has closed, by code (/asyncapi.json)",
    labelNames: ["code"],
    registers,
  });
  for (const { code } of Object.values(closeCodes)) closed.inc({ code }, 0);
  const delivered = new Counter({
    name: "talky_webhook_attempts_total",
    help: "Attempts of this instance to deliver webhooks, by what came of them",
    labelNames: ["result"],
    registers,
  });
  for (const result of verdicts) delivered.inc({ result }, 0);
  const countForgotten = forgottenMetrics(registers);
  const build = new Gauge({
    name: "talky_build_info",
    help: "1; the version is in the label",
    labelNames: ["version"],
    registers,
  });
  build.set({ version }, 1);
  return {
    countClosed: ({ code }) => closed.inc({ code }),
    countForgotten,
    countDelivery: (result) => delivered.inc({ result }),
    measure(measured) {
      measureWebhooks(registry, measured.webhooks);
      for (const [name, [help, read]] of Object.entries(gaugesOf(measured))) {
        new Gauge({
          name,
          help,
          registers,
          async collect() {
            const value = await read();
            // Nobody knows: not there, rather than 0.
            if (value === undefined) this.remove();
            else this.set(value);
          },
        });
      }
    },
  };
}

// ---

/** What retention does (ADR 0021). */
function forgottenMetrics(registers: Registry[]): StateMetrics["countForgotten"] {
  const events = new Counter({
    name: "talky_retention_events_total",
    help: "Events that this instance has forgotten, for they were older than is kept",
    registers,
  });
  const held = new Gauge({
    name: "talky_retention_held",
    help: "1 while a hold keeps events that would be forgotten otherwise (GET /holds)",
    registers,
  });
  const earliest = new Gauge({ name: "talky_log_earliest", help: "The first event that is kept", registers });
  return (forgotten) => {
    events.inc(forgotten.events);
    held.set(forgotten.heldBy === undefined ? 0 : 1);
    earliest.set(forgotten.earliest);
  };
}

/** Of the whole service: each instance says the same. */
function measureWebhooks(registry: Registry, read: Measured["webhooks"]): void {
  const registers = [registry];
  new Gauge({
    name: "talky_webhooks",
    help: "Webhooks, by state",
    labelNames: ["state"],
    registers,
    async collect() {
      const found = await read();
      this.reset();
      for (const state of webhookStates) if (found) this.set({ state }, found.states[state]);
    },
  });
  new Gauge({
    name: "talky_webhook_oldest_undelivered_seconds",
    help: "Age of the oldest event that an active webhook has not been told of; 0: there is none",
    registers,
    async collect() {
      const found = await read();
      if (found) this.set(found.oldest ?? 0);
      else this.remove();
    },
  });
}

type Read = () => number | undefined | Promise<number | undefined>;

function gaugesOf({ prosody, hub, pool, newest }: Measured): Record<string, [help: string, read: Read]> {
  return {
    talky_stream_readers: ["Readers of the live stream", () => hub().readers],
    talky_stream_head: ["Newest event that the stream has", () => hub().head],
    talky_log_newest_event_timestamp_seconds: [
      "When the newest event of the log happened, in seconds since 1970",
      async () => {
        const time = await newest();
        return time === undefined ? undefined : Date.parse(time) / 1000;
      },
    ],
    talky_prosody_connected: ["1 while the outbox is subscribed to", () => Number(prosody().connected)],
    talky_prosody_active: ["1 while Prosody feeds this instance", () => Number(prosody().active)],
    talky_outbox_pending_records: ["Records that wait in Prosody's outbox", () => prosody().outbox?.pending],
    talky_outbox_bytes: ["What the outbox holds on disk", () => prosody().outbox?.bytes],
    talky_outbox_limit_bytes: [
      "What the outbox may hold before nothing new begins",
      () => prosody().outbox?.limit,
    ],
    talky_outbox_held_records: [
      "Records that wait in Prosody's memory, for its disk refuses them",
      () => prosody().outbox?.held,
    ],
    talky_outbox_lost_records: [
      "Records of the outbox that damage on its disk has cost",
      () => prosody().outbox?.lost,
    ],
    talky_database_connections: ["Open connections of the pool", () => pool().open],
    talky_database_connections_busy: ["Those of them that work", () => pool().open - pool().free],
    talky_database_waiting: ["Statements that wait for a connection", () => pool().waiting],
  };
}
