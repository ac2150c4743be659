/**
 * What a reader has had, held against the log: every id from 1 to the head, once, in order.
 *
 * @module
 */

/** What came of one reader. */
export interface ReaderSummary {
  readonly kind: string;
  readonly events: number;
  /** Ids up to the head that it did not have in their place, and those that it had again. */
  readonly missing: number;
  readonly doubled: number;
  /** What ended it, in words. */
  readonly failure?: string;
}

/** Counts while a reader reads. */
export class ReaderReport {
  readonly kind: string;
  #last = 0;
  #events = 0;
  #missing = 0;
  #doubled = 0;
  #failure: string | undefined;

  constructor(kind: string) {
    this.kind = kind;
  }

  /** The newest id so far. */
  get last(): number {
    return this.#last;
  }

  /** It has an event. */
  add(id: number): void {
    this.#events++;
    if (id <= this.#last) this.#doubled++;
    else {
      this.#missing += id - this.#last - 1;
      this.#last = id;
    }
  }

  /** It has ended by itself. */
  fail(error: unknown): void {
    this.#failure = String(error);
  }

  /** What came of it, where the log's newest event has the id `head`. */
  summary(head: number): ReaderSummary {
    return {
      kind: this.kind,
      events: this.#events,
      missing: this.#missing + Math.max(0, head - this.#last),
      doubled: this.#doubled,
      ...this.#failure !== undefined && { failure: this.#failure },
    };
  }
}
