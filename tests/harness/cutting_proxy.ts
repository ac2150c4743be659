/**
 * A way to a server that breaks off every connection after a while, as proxies with a time limit do.
 *
 * @module
 */

/** A running proxy. */
export interface CuttingProxy extends Disposable {
  readonly url: string;
  /** How many connections it has broken off. */
  readonly cuts: number;
  /** From now on connections stay. */
  rest(): void;
}

/** Starts one in front of a port of the loopback interface. Connections last so many milliseconds. */
export function cuttingProxy(port: number, lifetime: number): CuttingProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let [cuts, cutting] = [0, true];

  async function pass(client: Deno.Conn): Promise<void> {
    open.add(client);
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    open.add(server);
    const cut = setTimeout(() => {
      if (!cutting) return;
      cuts++;
      close(client);
      close(server);
    }, lifetime);
    // Either side's end is the end of both.
    const ways = [client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)];
    await Promise.race(ways.map((way) => way.catch(() => {})));
    clearTimeout(cut);
    close(server);
  }

  function close(connection: Deno.Conn): void {
    if (!open.delete(connection)) return;
    try {
      connection.close();
    } catch {
      // Its stream has closed it.
    }
  }

  (async () => {
    for await (const client of listener) pass(client).catch(() => {}).finally(() => close(client));
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    get cuts() {
      return cuts;
    },
    rest() {
      cutting = false;
    },
    [Symbol.dispose]() {
      listener.close();
      [...open].forEach(close);
    },
  };
}
