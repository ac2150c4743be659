/**
 * Requests to stop: signals, from the person at the terminal or from a supervisor.
 *
 * @module
 */
import { parentOf } from "./process.ts";

/** Listens for SIGINT, SIGTERM and SIGHUP: the first asks for an orderly end, the second forces it. */
export class StopRequests {
  readonly #first = Promise.withResolvers<void>();
  readonly #second = Promise.withResolvers<void>();
  #firstAt: number | undefined;
  #forced = false;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, () => this.#heard());
    }
    if (Deno.env.get("npm_lifecycle_event") === "npx") this.#watchNpx();
  }

  /** Whether an end has been asked for. */
  get pending(): boolean {
    return this.#firstAt !== undefined;
  }

  /** Whether it has been asked for again, of one who was already stopping. */
  get forced(): boolean {
    return this.#forced;
  }

  /** Resolves at the first request. */
  wait(): Promise<void> {
    return this.#first.promise;
  }

  /** Resolves when an orderly end is reached; at a second request forces it and waits no longer. */
  async orderly(ending: Promise<void>, force: () => Promise<void> | void): Promise<void> {
    await Promise.race([ending, this.#second.promise.then(force)]);
  }

  /**
   * Of a signal to `npx`, nothing arrives: npm passes it on to the shell between us, which dies of it. So
   * the parent of our parent, `deno task`, going is a request to stop.
   */
  async #watchNpx(): Promise<void> {
    const shell = await parentOf(Deno.ppid);
    const timer = setInterval(async () => {
      if (await parentOf(Deno.ppid) === shell) return;
      clearInterval(timer);
      this.#heard();
    }, 1000);
    Deno.unrefTimer(timer);
  }

  #heard(): void {
    const now = Date.now();
    this.#firstAt ??= now;
    this.#first.resolve();
    // Ctrl-C reaches us twice at once: from the terminal, and passed on by `deno task`.
    if (now - this.#firstAt < 500) return;
    this.#forced = true;
    this.#second.resolve();
  }
}
