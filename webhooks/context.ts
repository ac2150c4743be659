/**
 * What all endpoints of an instance share.
 *
 * @module
 */
import type { Sql } from "../db/connect.ts";
import type { LeasedWebhook } from "../db/webhook_leases.ts";
import type { EventLog } from "../events/event_log.ts";
import type { Hub } from "../stream/hub.ts";
import type { FormSource } from "./form.ts";
import type { Patience, Verdict } from "./outcome.ts";
import type { Poster } from "./poster.ts";

/** Times in milliseconds, but where it says otherwise. */
export interface DeliveryOptions {
  /** How long a lease lasts. Default 30,000. */
  readonly leaseFor?: number;
  /** How long an attempt may take; less than a lease. Default 20,000. */
  readonly timeout?: number;
  /** Between attempts. Default from 1,000 to 300,000. */
  readonly patience?: Patience;
  /** Failing for so long, a webhook is paused. Default five days. */
  readonly pauseAfter?: number;
  /** How often leases are looked after. Default 1,000. */
  readonly tendEvery?: number;
  /** How often it is noted how far a filter has found nothing. Default 10,000. */
  readonly passEvery?: number;
}

/** What is kept sealed of a webhook. */
export type Sealed = Pick<LeasedWebhook, "id" | "secrets" | "sealed_authorization">;

/** The same, opened. */
export interface Opened {
  /** Those that sign now, the newest first. */
  readonly secrets: readonly string[];
  /** The header Authorization; null: none. */
  readonly authorization: string | null;
}

/** What deliveries stand on. */
export interface DeliveryContext {
  /** Bounded: what is delivered leaves connections for what is stored and asked. */
  readonly sql: Sql;
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly hub: Pick<Hub, "recent">;
  readonly log: Pick<EventLog, "bounds" | "readAfter">;
  readonly names: FormSource["names"];
  readonly issues: FormSource["issues"];
  readonly post: Poster;
  /** What a webhook's deliveries are signed and sent with; null where it cannot be opened. */
  readonly openSecrets: (webhook: Sealed) => Promise<Opened | null>;
  readonly holder: string;
  readonly options: Required<DeliveryOptions>;
  readonly onTrouble: (error: unknown) => void;
  /** Told what came of each attempt. */
  readonly onAttempt: (verdict: Verdict) => void;
}
