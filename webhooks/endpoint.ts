/**
 * One webhook on the instance that has its lease: cuts a batch, posts it until it succeeds, goes on with the next.
 *
 * @module
 */
import {
  activate,
  type Attempt,
  type Cut,
  keepCut,
  type Lease,
  type LeasedWebhook,
  noteDelivered,
  noteFailed,
  passOver,
  readLeased,
  stopWebhook,
} from "../db/webhook_leases.ts";
import type { LoggedEvent } from "../events/event_log.ts";
import { attempt } from "./attempt.ts";
import { batchId, type Delivery } from "./batch.ts";
import type { DeliveryContext } from "./context.ts";
import { findNext, readCut, type Stop } from "./cutting.ts";
import { formOf } from "./formats.ts";
import { judge, type Outcome, waitAfter } from "./outcome.ts";

/** A webhook that is delivered from here. Starts by itself. */
export class Endpoint {
  readonly id: string;
  readonly #context: DeliveryContext;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #webhook: LeasedWebhook;
  /** By `performance.now()`: the database ends the lease later than this. */
  #leaseEnds: number;
  /** By `performance.now()`: no attempt before. */
  #due: number;
  /** Nothing wanted up to here. */
  #passed: number;
  #passedNoted = performance.now();
  /** The events of the cut, for its first attempt. */
  #fresh: readonly LoggedEvent[] | undefined;
  #changed = false;
  #stopping = false;
  #wake = () => {};
  #woken = false;

  constructor(context: DeliveryContext, webhook: LeasedWebhook, leaseEnds: number) {
    this.id = webhook.id;
    this.#context = context;
    this.#leaseEnds = leaseEnds;
    this.#webhook = webhook;
    this.#passed = webhook.cursor;
    this.#due = performance.now() + webhook.wait;
    this.#running = this.#run();
  }

  /** Whether it has ended, or is about to. */
  get isOver(): boolean {
    return this.#stopping;
  }

  /** There may be something new. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** The webhook is of this version now; where that is another one, it is read again. */
  at(version: number): void {
    if (version === this.#webhook.version) return;
    this.#changed = true;
    this.wake();
  }

  /** The lease lasts until then. */
  renewed(leaseEnds: number, version: number): void {
    this.#leaseEnds = leaseEnds;
    this.at(version);
  }

  /** The lease is lost, or the webhook gone: whatever is under way ends now. */
  lose(): void {
    this.#stopping = true;
    this.#ended.abort();
    this.wake();
  }

  /** Begins nothing more, and lets what is under way end within some milliseconds. */
  async stop(grace: number): Promise<void> {
    this.#stopping = true;
    this.wake();
    const timer = setTimeout(() => this.lose(), grace);
    await this.#running.finally(() => clearTimeout(timer));
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#step();
      } catch (error) {
        if (this.#stopping) return;
        // Most likely the database is away. What was posted and could not be noted is posted again, under its id.
        this.#context.onTrouble(error);
        await this.#rest(retryAfter);
        this.#changed = true;
      }
    }
  }

  async #step(): Promise<void> {
    if (this.#changed) await this.#reload();
    const now = performance.now();
    if (this.#stopping) return;
    if (now < this.#due) return await this.#rest(this.#due - now);
    // An attempt has to end while the lease is ours.
    if (now + this.#context.options.timeout > this.#leaseEnds) return await this.#rest(retryAfter);
    const { state, batch } = this.#webhook;
    if (state === "pending") return await this.#verify();
    if (batch) return await this.#deliver(batch);
    this.#woken = false;
    if (!await this.#cut()) await this.#idle(this.#context.options.passEvery);
  }

  async #reload(): Promise<void> {
    this.#changed = false;
    const { sql, turn, holder } = this.#context;
    const webhook = await turn(() => readLeased(sql, this.id, holder));
    if (!webhook) return this.lose();
    this.#webhook = webhook;
    this.#passed = webhook.cursor;
    this.#fresh = undefined;
    this.#due = performance.now() + webhook.wait;
  }

  /** Fixes the next batch. Returns false where there is nothing to deliver. */
  async #cut(): Promise<boolean> {
    const { sql, turn } = this.#context;
    const next = await findNext(this.#context, this.#webhook, this.#passed);
    if ("stop" in next) {
      await this.#halt(next);
      return true;
    }
    if ("through" in next) {
      this.#passed = next.through;
      await this.#notePassed();
      return false;
    }
    this.#fresh = next.events;
    this.#hold(await turn(() => keepCut(sql, this.#lease, next.cut)));
    this.#webhook = { ...this.#webhook, batch: next.cut };
    return true;
  }

  /** Waits for somebody to say from where to go on. */
  async #halt(
    { stop, reason }: Pick<Stop, "reason"> & { readonly stop: Stop["stop"] | "paused" },
  ): Promise<void> {
    const { sql, turn } = this.#context;
    await turn(() => stopWebhook(sql, this.#lease, stop, reason));
    this.lose();
  }

  async #notePassed(): Promise<void> {
    const now = performance.now();
    if (this.#passed === this.#webhook.cursor) return;
    if (now - this.#passedNoted < this.#context.options.passEvery) return;
    this.#passedNoted = now;
    await this.#moveTo(this.#passed);
  }

  async #moveTo(cursor: number): Promise<void> {
    const { sql, turn } = this.#context;
    this.#hold(await turn(() => passOver(sql, this.#lease, cursor)));
    this.#passed = cursor;
    this.#webhook = { ...this.#webhook, cursor, batch: null };
  }

  async #deliver(cut: Cut): Promise<void> {
    const { generation } = this.#webhook;
    const read = this.#fresh ? { events: this.#fresh } : await readCut(this.#context, generation, cut);
    this.#fresh = undefined;
    if ("stop" in read) return await this.#halt(read);
    const { events } = read;
    // All of them were deleted since: there is nothing to tell any more.
    if (events.length === 0) return await this.#moveTo(cut.last);
    const batch = { id: batchId(generation, cut), generation, events };
    const delivery = await formOf(cut.format).batch(batch, this.#context);
    const noted = { kind: "events", first: cut.first, last: cut.last, events: events.length } as const;
    if (delivery === null) return await this.#moveTo(cut.last);
    if (await this.#post(delivery, noted)) {
      this.#passed = Math.max(this.#passed, cut.last);
      this.#webhook = { ...this.#webhook, cursor: cut.last, batch: null, failures: 0 };
    }
  }

  /** The first delivery, without events: the receiver is there, and means to be told. */
  async #verify(): Promise<void> {
    const { sql, turn } = this.#context;
    const delivery = formOf(this.#webhook.format).verification(this.id);
    const noted = { kind: "verification", first: null, last: null, events: 0 } as const;
    if (delivery === null) await turn(() => activate(sql, this.#lease));
    else await this.#post(delivery, noted);
    this.#changed = true;
  }

  /** Makes an attempt and notes what came of it. Returns whether it succeeded. */
  async #post(
    delivery: Delivery,
    noted: Pick<Attempt, "kind" | "first" | "last" | "events">,
  ): Promise<boolean> {
    const { sql, turn, openSecrets, options } = this.#context;
    const opened = await openSecrets(this.#webhook);
    if (!opened) {
      const reason = "its secret was sealed with a TALKY_SECRET that is gone: rotate it";
      await this.#halt({ stop: "paused", reason });
      return false;
    }
    const { signal } = this.#ended;
    // A process that was stopped meanwhile, for longer than its lease, posts nothing that is old.
    if (performance.now() > this.#leaseEnds) return false;
    const made = await attempt({ ...this.#context, opened }, this.#webhook.url, delivery, signal);
    // Cut short from here: nothing is known of it, and somebody else may be at it.
    if (signal.aborted) return false;
    const done: Attempt = { ...noted, ...made.figures };
    const verdict = judge(made.outcome);
    this.#context.onAttempt(verdict);
    if (verdict === "delivered") {
      this.#hold(await turn(() => noteDelivered(sql, this.#lease, done)));
      return true;
    }
    const next = { pauseAfter: options.pauseAfter / 1000, disabled: verdict === "disabled" };
    const wait = this.#waitAfter(made.outcome);
    await turn(() => noteFailed(sql, this.#lease, done, { ...next, wait }));
    // Read again: it may be paused or disabled by now.
    this.#changed = true;
    return false;
  }

  #waitAfter(outcome: Outcome): number {
    return waitAfter(this.#webhook.failures + 1, outcome, this.#context.options.patience, Date.now());
  }

  get #lease(): Lease {
    return { id: this.id, holder: this.#context.holder, version: this.#webhook.version };
  }

  /** Where the row is another one by now, it is read again. */
  #hold(held: boolean): void {
    if (!held) this.#changed = true;
  }

  /** Waits, or until there may be something new. */
  async #idle(milliseconds: number): Promise<void> {
    if (!this.#woken) await this.#sleep(milliseconds);
    this.#woken = false;
  }

  /** Waits, whatever is new; not where the webhook has changed, or is not ours any more. */
  async #rest(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0; left = end - performance.now()) {
      if (this.#stopping || this.#changed) return;
      await this.#sleep(left);
    }
  }

  async #sleep(milliseconds: number): Promise<void> {
    if (this.#stopping || this.#changed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#wake = resolve;
    await promise.finally(() => clearTimeout(timer));
  }
}

// ---

/** Milliseconds. */
const retryAfter = 1000;
