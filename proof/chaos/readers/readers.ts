/**
 * Those who read the log all the while, each by one of the ways that applications have (`kinds.ts`).
 *
 * @module
 */
import { join } from "node:path";
import type { Stage } from "../stage.ts";
import { generateClient } from "./generated_client.ts";
import type { ReaderSummary } from "./report.ts";

/** What the thread is told first. */
export interface Start {
  readonly urls: readonly string[];
  readonly token: string;
  readonly client: string;
  readonly count: number;
}

/** And last: the newest id there is, and how long it waits, in milliseconds, while nobody gets anything. */
export interface Ask {
  readonly head: number;
  readonly patience: number;
}

/** Readers that read. */
export class Readers implements Disposable {
  readonly #worker: Worker;
  readonly #summaries: Promise<readonly ReaderSummary[]>;

  private constructor(worker: Worker) {
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<readonly ReaderSummary[]>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`a reader: ${event.message}`));
    };
    // Who asks hears of it.
    promise.catch(() => {});
    this.#summaries = promise;
  }

  /** Starts so many. They come by the stage's relays. */
  static async start({ apis, network, token, dataDir }: Stage, count: number): Promise<Readers> {
    const client = count > 0 ? await generateClient(apis[0].url, join(dataDir, "client")) : "";
    const readers = new Readers(new Worker(import.meta.resolve("./worker.ts"), { type: "module" }));
    const urls = network.readers.map(({ port }) => `http://127.0.0.1:${port}`);
    readers.#worker.postMessage({ urls, token: token ?? "", client, count } satisfies Start);
    return readers;
  }

  /** Waits until all have everything up to `head`, or get nothing any more. Returns what each has had. */
  async finish(head: number): Promise<readonly ReaderSummary[]> {
    this.#worker.postMessage({ head, patience: 60_000 } satisfies Ask);
    return await this.#summaries;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
