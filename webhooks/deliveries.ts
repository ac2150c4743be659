/**
 * Delivers: takes leases on webhooks that nobody delivers, prolongs them, and gives them back. Any number of instances
 * do so on the same table; two never deliver the same webhook for longer than a lease (ADR 0024).
 *
 * @module
 */
import type { Sql } from "../db/connect.ts";
import { readLeases, releaseLeases, renewLeases, takeLeases } from "../db/webhook_leases.ts";
import { readSpans } from "../db/room_spans.ts";
import { readNames } from "../db/webhook_names.ts";
import type { EventLog } from "../events/event_log.ts";
import type { Hub } from "../stream/hub.ts";
import { findIssues } from "../quality/issues.ts";
import type { Thresholds } from "../quality/thresholds.ts";
import { inTurns, takingTurns } from "../stream/turns.ts";
import type { DeliveryContext, DeliveryOptions } from "./context.ts";
import { Endpoint } from "./endpoint.ts";

/** What deliveries are made of. */
export interface DeliveryParts extends Pick<DeliveryContext, "sql" | "post" | "openSecrets"> {
  readonly sql: Sql;
  readonly hub: Pick<Hub, "recent" | "onRead">;
  readonly log: EventLog;
  /** From when on something is an issue. Default: as documented. */
  readonly thresholds?: Thresholds | undefined;
  readonly onAttempt?: DeliveryContext["onAttempt"];
  /** Told when the database cannot be reached (and, with null, when it can again). */
  readonly onTrouble?: (error: unknown) => void;
}

/** Running deliveries. */
export interface Deliveries {
  /** Looks at once after what was changed. */
  look(): void;
  /** How many webhooks this instance delivers, and who it is in their leases. */
  status(): { readonly held: number; readonly holder: string };
  /** Begins nothing more, ends what is under way, and lets other instances go on. */
  stop(): Promise<void>;
}

/** Starts to deliver. */
export function startDeliveries(parts: DeliveryParts, options: DeliveryOptions = {}): Deliveries {
  return new Running(parts, {
    leaseFor: 30_000,
    timeout: 20_000,
    patience: { from: 1000, most: 300_000 },
    pauseAfter: 5 * 86_400_000,
    tendEvery: 1000,
    passEvery: 10_000,
    ...options,
  });
}

/** Most webhooks that one instance takes: as many as there may be. */
export const mostWebhooks = 1000;

// ---

class Running implements Deliveries {
  readonly #context: DeliveryContext;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #unlisten: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #tending: Promise<void> | undefined;
  #again = false;
  #renewed = 0;
  #stopped = false;

  constructor(
    { thresholds, onTrouble = () => {}, onAttempt = () => {}, ...parts }: DeliveryParts,
    options: Required<DeliveryOptions>,
  ) {
    const turn = takingTurns(writesAtOnce);
    this.#context = {
      ...parts,
      log: inTurns(parts.log, pagesAtOnce),
      turn,
      issues: (room, span) =>
        turn(async () => {
          const { spans: [found], complete } = await readSpans(parts.sql, [room], span);
          return {
            issues: found ? findIssues(found.timeline, found.readings, span.to, thresholds) : [],
            complete,
          };
        }),
      names: (rooms, sessions) => turn(() => readNames(parts.sql, rooms, sessions)),
      holder: crypto.randomUUID(),
      options,
      onTrouble,
      onAttempt,
    };
    this.#unlisten = parts.hub.onRead(() => {
      for (const endpoint of this.#endpoints.values()) endpoint.wake();
    });
    this.#timer = setInterval(() => this.look(), options.tendEvery);
    this.look();
  }

  look(): void {
    this.#again = true;
    if (!this.#stopped) this.#tending ??= this.#tend();
  }

  status(): ReturnType<Deliveries["status"]> {
    return { held: this.#endpoints.size, holder: this.#context.holder };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#unlisten();
    await this.#tending;
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.stop(grace)));
    this.#endpoints.clear();
    const { sql, holder } = this.#context;
    await releaseLeases(sql, holder);
  }

  async #tend(): Promise<void> {
    const { onTrouble } = this.#context;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#keep();
        await this.#take();
      }
      onTrouble(null);
    } catch (error) {
      // Leases run out; whoever reaches the database goes on.
      onTrouble(error);
    } finally {
      this.#tending = undefined;
    }
  }

  /** Prolongs what is held, and lets go of what is not any more. */
  async #keep(): Promise<void> {
    const { sql, holder, options: { leaseFor } } = this.#context;
    // Those that have stopped by themselves: whoever goes on with them begins anew.
    for (const [id, { isOver }] of this.#endpoints) if (isOver) this.#endpoints.delete(id);
    const ids = [...this.#endpoints.keys()];
    if (ids.length === 0) return;
    const now = performance.now();
    const due = now - this.#renewed >= leaseFor / 6;
    const current = due
      ? await renewLeases(sql, { holder, seconds: leaseFor / 1000, ids })
      : await readLeases(sql, holder);
    if (due) this.#renewed = now;
    for (const id of ids) {
      const endpoint = this.#endpoints.get(id)!;
      const version = current.get(id);
      if (version === undefined) {
        endpoint.lose();
        this.#endpoints.delete(id);
      } else if (due) endpoint.renewed(now + leaseFor, version);
      else endpoint.at(version);
    }
  }

  async #take(): Promise<void> {
    const { sql, holder, options: { leaseFor } } = this.#context;
    const most = mostWebhooks - this.#endpoints.size;
    // From before it is asked for: the database counts from later on.
    const leaseEnds = performance.now() + leaseFor;
    const held = [...this.#endpoints.keys()];
    const taken = await takeLeases(sql, { holder, seconds: leaseFor / 1000, most, held });
    for (const webhook of taken) {
      // One whose lease had run out, unnoticed, is ours again.
      this.#endpoints.get(webhook.id)?.lose();
      this.#endpoints.set(webhook.id, new Endpoint(this.#context, webhook, leaseEnds));
    }
  }
}

const pagesAtOnce = 2;
const writesAtOnce = 4;
/** Milliseconds that an attempt which is under way may take when the service stops. */
const grace = 1500;
