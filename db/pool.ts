/**
 * A pool of connections. Each does one thing at a time: a statement, or a transaction. Whoever waits for one, waits
 * for so long and no longer.
 *
 * @module
 */
import postgres from "postgres";
import { type Connection, driverOptions, openConnection, tooLate } from "./connection.ts";
import { bind, onSettled, type Query, type Transaction } from "./query.ts";
import type { DatabaseAddress } from "./url.ts";

/** How a pool is made. Milliseconds. */
export interface PoolOptions {
  readonly max: number;
  readonly name: string;
  readonly timeout: number;
  /** How long to wait for a connection. */
  readonly patience: number;
  readonly connectTimeout: number;
  readonly greet: boolean;
}

/** Connections to one database. */
export interface Pool {
  /** Runs each statement on a connection that is free. */
  readonly sql: Transaction;
  /** Lends a connection. Rejects when none can be had. */
  lend<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Opens one outside of the pool, which is the caller's to close. */
  open(onNotify: () => void): Promise<Connection>;
  /** Takes no more work; waits so long for what is under way, then cuts it off. */
  end(within: number): Promise<void>;
}

/** Makes a pool. It connects when first asked. */
export function createPool(address: DatabaseAddress, options: PoolOptions): Pool {
  const all = new Set<Connection>();
  const outside = new Set<Connection>();
  /** The one that was used last is the last; each with the timer that ends it. */
  const free = new Map<Connection, ReturnType<typeof setTimeout>>();
  const waiting: Waiting[] = [];
  /** Connections that are not to be used again. */
  const spent = new WeakSet<Connection>();
  let opening = 0;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let ending: Promise<void> | undefined;
  let newest = 0;
  let onIdle = () => {};

  /** Tries the servers in turn; the one that was good last comes first. One that is read-only is better than none. */
  async function open(onNotify?: () => void): Promise<Connection> {
    const { hosts, writableOnly } = address;
    let reader: Connection | undefined;
    let failure: unknown;
    for (let i = 0; i < hosts.length; i++) {
      const index = (newest + i) % hosts.length;
      try {
        const connection = await openConnection(address, hosts[index]!, {
          ...options,
          ...onNotify && { onNotify },
        });
        if (!connection.readOnly) {
          newest = index;
          void reader?.close();
          return connection;
        }
        if (writableOnly) {
          void connection.close();
          failure ??= Object.assign(new Error("the server is read-only"), { code: "25006" });
        } else if (reader) void connection.close();
        else reader = connection;
      } catch (error) {
        failure = error;
      }
    }
    if (reader) return reader;
    throw failure;
  }

  function grow(): void {
    if (retry || ending || waiting.length <= opening || all.size + opening >= options.max) return;
    opening++;
    open().then((connection) => {
      opening--;
      failures = 0;
      if (ending) return void connection.close();
      all.add(connection);
      connection.closed.then(() => forget(connection));
      give(connection);
    }, (error) => {
      opening--;
      // Those who have a connection will pass it on.
      if (all.size === 0) { for (const { reject } of waiting.splice(0)) reject(error); }
      retry ??= setTimeout(() => {
        retry = undefined;
        grow();
      }, backoff(failures++));
    });
    grow();
  }

  function acquire(): Promise<Connection> {
    if (ending) return Promise.reject(ended());
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const late = setTimeout(() => {
      waiting.splice(waiting.indexOf(waiter), 1);
      reject(tooLate("no connection to the database was free", options.patience));
    }, options.patience);
    const waiter: Waiting = {
      resolve: (connection) => (clearTimeout(late), resolve(connection)),
      reject: (error) => (clearTimeout(late), reject(error)),
    };
    waiting.push(waiter);
    const connection = [...free.keys()].at(-1);
    if (connection) give(take(connection));
    else grow();
    return promise;
  }

  /** Passes a connection on to who waits longest, or keeps it for the next. */
  function give(connection: Connection): void {
    if (!connection.isOpen()) return forget(connection);
    const age = performance.now() - connection.opened;
    // One that cannot write is asked again soon whether there is another that can.
    if (spent.has(connection) || age > (connection.readOnly ? readOnlyLifetime : lifetime)) {
      drop(connection);
      return grow();
    }
    const next = waiting.shift();
    if (next) return next.resolve(connection);
    free.set(connection, setTimeout(() => drop(connection), idleTimeout));
    onIdle();
  }

  function drop(connection: Connection): void {
    take(connection);
    all.delete(connection);
    void connection.close();
  }

  /** Takes a connection from the free ones. */
  function take(connection: Connection): Connection {
    clearTimeout(free.get(connection));
    free.delete(connection);
    return connection;
  }

  function forget(connection: Connection): void {
    take(connection);
    all.delete(connection);
    grow();
    onIdle();
  }

  /** What one connection has told of its server is likely to be so for the others. */
  function renew(): void {
    for (const connection of all) spent.add(connection);
    for (const connection of free.keys()) drop(connection);
  }

  function judge(connection: Connection, error: unknown): void {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "25006" && !connection.readOnly || code === "ETIMEDOUT") renew();
    if (code === "25006") spent.add(connection);
  }

  async function lend<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await acquire();
    try {
      return await work(connection);
    } catch (error) {
      judge(connection, error);
      throw error;
    } finally {
      give(connection);
    }
  }

  function run(query: Query): void {
    lend(async (connection) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      onSettled(query, (error) => error === undefined ? resolve() : reject(error));
      connection.execute(query);
      await promise;
    }).catch((error) => query.reject(error));
  }

  return {
    sql: bind(postgres({ ...driverOptions, host: "nowhere", user: "nobody" }), run),
    lend,
    async open(onNotify) {
      if (ending) throw ended();
      const connection = await open(onNotify);
      outside.add(connection);
      connection.closed.then(() => outside.delete(connection));
      return connection;
    },
    end(within) {
      return ending ??= (async () => {
        clearTimeout(retry);
        for (const { reject } of waiting.splice(0)) reject(ended());
        const { promise: patience, resolve } = Promise.withResolvers<void>();
        const late = setTimeout(resolve, within);
        const idle = () => all.size === free.size;
        if (!idle()) {
          const finished = new Promise<void>((resolve) => onIdle = () => idle() && resolve());
          await Promise.race([finished, patience]);
        }
        clearTimeout(late);
        const closing = [...[...free.keys()].map(take), ...outside];
        for (const connection of all) if (!closing.includes(connection)) connection.destroy(ended());
        await Promise.all(closing.map((connection) => connection.close()));
      })();
    },
  };
}

// ---

interface Waiting {
  resolve(connection: Connection): void;
  reject(error: unknown): void;
}

const idleTimeout = 60_000;
const readOnlyLifetime = 1000;
/** So that what a server keeps for a connection is let go, and a server that is back gets some. */
const lifetime = 45 * 60_000;

/**
 * Milliseconds between attempts to connect, during which whoever asks waits: at most about a second, so that
 * answers come soon while the server is away, and work goes on soon after.
 */
function backoff(failures: number): number {
  return Math.min(50 * 2 ** failures, 1000) * (0.75 + Math.random() / 2);
}

function ended(): Error {
  return Object.assign(new Error("the connections to the database are closed"), { code: "CONNECTION_ENDED" });
}
