/**
 * The network between two of the stage: a TCP relay that can break, or stand still.
 *
 * @module
 */

/** A relay from a port of its own to another on this machine. */
export class Relay implements Disposable {
  readonly port: number;
  readonly #target: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  #broken = false;
  /** Resolves when bytes may pass. */
  #flow: Promise<void> = Promise.resolve();
  #goOn = () => {};

  constructor(target: number) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accept();
  }

  /** Drops every connection, and each new one at once. */
  cut(): void {
    this.#broken = true;
    for (const connection of this.#open) this.#drop(connection);
  }

  /** Lets connections through again. */
  mend(): void {
    this.#broken = false;
  }

  /** From now on nothing comes through, nothing is refused, nothing is closed: every connection is half-open. */
  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.#flow, this.#goOn] = [promise, resolve];
  }

  /** What was held comes through after all. */
  release(): void {
    this.#goOn();
  }

  [Symbol.dispose](): void {
    this.release();
    this.cut();
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      if (this.#broken) near.close();
      else this.#join(near);
    }
  }

  async #join(near: Deno.TcpConn): Promise<void> {
    this.#open.add(near);
    try {
      await this.#flow;
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      this.#open.add(far);
      // Either side's end is the end of both.
      const either = [this.#pass(near, far), this.#pass(far, near)];
      await Promise.race(either).finally(() => this.#drop(far));
      await Promise.allSettled(either);
    } catch {
      // A broken connection is what this is for.
    } finally {
      this.#drop(near);
    }
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const gate = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: async (chunk, controller) => {
        await this.#flow;
        controller.enqueue(chunk);
      },
    });
    await from.readable.pipeThrough(gate).pipeTo(to.writable);
  }

  #drop(connection: Deno.TcpConn): void {
    if (!this.#open.delete(connection)) return;
    try {
      connection.close();
    } catch {
      // The pipe has closed it already.
    }
  }
}
