/**
 * The network between the API and Prosody: a TCP relay that can break.
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

  [Symbol.dispose](): void {
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
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      this.#open.add(far);
      // Either side's end is the end of both.
      const either = [near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)];
      await Promise.race(either).finally(() => this.#drop(far));
      await Promise.allSettled(either);
    } catch {
      // A broken connection is what this is for.
    } finally {
      this.#drop(near);
    }
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
