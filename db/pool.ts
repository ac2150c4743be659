/**
 * A pool of connections. Each does one thing at a time: a statement, or a transaction. A caller waits for one
 * for so long and no longer.
 *
 * @module
 */
import postgres from "postgres";
import { backoff } from "./backoff.ts";
import { type Connection, driverOptions, openConnection, tooLate } from "./connection.ts";
import { bind, onSettled, type Query, type Transaction } from "./query.ts";
import type { DatabaseAddress } from "./database_address.ts";

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

/** How many connections there are, how many of them do nothing, and how much waits for one. */
export interface PoolStatus {
  readonly open: number;
  readonly free: number;
  readonly waiting: number;
}

/** Connections to one database. */
export interface Pool {
  /** Runs each statement on a connection that is free. */
  readonly sql: Transaction;
  /** Lends a connection. Rejects when none can be had. */
  lend<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Opens one outside of the pool, which is the caller's to close. */
  open(onNotify: () => void): Promise<Connection>;
  status(): PoolStatus;
  /** Takes no more work; waits so long for what is under way, then cuts it off. */
  end(within: number): Promise<void>;
}

/** Makes a pool. It connects when first asked. */
export function createPool(address: DatabaseAddress, options: PoolOptions): Pool {
  const pool = new ConnectionPool(options, findServer(address, options));
  return {
    sql: bind(postgres({ ...driverOptions, host: "nowhere", user: "nobody" }), (query) => pool.run(query)),
    lend: (work) => pool.lend(work),
    open: (onNotify) => pool.open(onNotify),
    status: () => pool.status(),
    end: (within) => pool.end(within),
  };
}

// ---

/** Opens a connection to whichever server is good. */
type Open = (onNotify?: () => void) => Promise<Connection>;

/** Tries the servers in turn; the one that was good last comes first. One that is read-only is better than none. */
function findServer(address: DatabaseAddress, options: PoolOptions): Open {
  const { hosts, writableOnly } = address;
  let newest = 0;
  return async (onNotify) => {
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
  };
}

class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #find: Open;
  readonly #all = new Set<Connection>();
  readonly #outside = new Set<Connection>();
  /** The one that was used last is the last; each with the timer that ends it. */
  readonly #free = new Map<Connection, ReturnType<typeof setTimeout>>();
  readonly #waiting: Waiting[] = [];
  /** Connections that are not to be used again. */
  readonly #spent = new WeakSet<Connection>();
  #opening = 0;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ending: Promise<void> | undefined;
  #onIdle = () => {};

  constructor(options: PoolOptions, find: Open) {
    this.#options = options;
    this.#find = find;
  }

  async lend<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#acquire();
    try {
      return await work(connection);
    } catch (error) {
      this.#judge(connection, error);
      throw error;
    } finally {
      this.#give(connection);
    }
  }

  run(query: Query): void {
    this.lend(async (connection) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      onSettled(query, (error) => error === undefined ? resolve() : reject(error));
      connection.execute(query);
      await promise;
    }).catch((error) => query.reject(error));
  }

  async open(onNotify: () => void): Promise<Connection> {
    if (this.#ending) throw ended();
    const connection = await this.#find(onNotify);
    this.#outside.add(connection);
    connection.closed.then(() => this.#outside.delete(connection));
    return connection;
  }

  status(): PoolStatus {
    return { open: this.#all.size, free: this.#free.size, waiting: this.#waiting.length };
  }

  end(within: number): Promise<void> {
    return this.#ending ??= this.#end(within);
  }

  async #end(within: number): Promise<void> {
    clearTimeout(this.#retry);
    for (const { reject } of this.#waiting.splice(0)) reject(ended());
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, within);
    const idle = () => this.#all.size === this.#free.size;
    if (!idle()) {
      const finished = new Promise<void>((resolve) => this.#onIdle = () => idle() && resolve());
      await Promise.race([finished, patience]);
    }
    clearTimeout(late);
    const closing = [...[...this.#free.keys()].map((free) => this.#take(free)), ...this.#outside];
    for (const connection of this.#all) if (!closing.includes(connection)) connection.destroy(ended());
    await Promise.all(closing.map((connection) => connection.close()));
  }

  #acquire(): Promise<Connection> {
    if (this.#ending) return Promise.reject(ended());
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const late = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      reject(tooLate("no connection to the database was free", this.#options.patience));
    }, this.#options.patience);
    const waiter: Waiting = {
      resolve: (connection) => (clearTimeout(late), resolve(connection)),
      reject: (error) => (clearTimeout(late), reject(error)),
    };
    this.#waiting.push(waiter);
    const connection = [...this.#free.keys()].at(-1);
    if (connection) this.#give(this.#take(connection));
    else this.#grow();
    return promise;
  }

  #grow(): void {
    const full = this.#all.size + this.#opening >= this.#options.max;
    if (this.#retry || this.#ending || this.#waiting.length <= this.#opening || full) return;
    this.#opening++;
    this.#find().then((connection) => {
      this.#opening--;
      this.#failures = 0;
      if (this.#ending) return void connection.close();
      this.#all.add(connection);
      connection.closed.then(() => this.#forget(connection));
      this.#give(connection);
    }, (error) => {
      this.#opening--;
      // Those who have a connection will pass it on.
      if (this.#all.size === 0) { for (const { reject } of this.#waiting.splice(0)) reject(error); }
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.#grow();
      }, backoff(this.#failures++, pause));
    });
    this.#grow();
  }

  /** Passes a connection on to who waits longest, or keeps it for the next. */
  #give(connection: Connection): void {
    if (!connection.isOpen()) return this.#forget(connection);
    const age = performance.now() - connection.opened;
    // One that cannot write is asked again soon whether there is another that can.
    if (this.#spent.has(connection) || age > (connection.readOnly ? readOnlyLifetime : lifetime)) {
      this.#drop(connection);
      return this.#grow();
    }
    const next = this.#waiting.shift();
    if (next) return next.resolve(connection);
    this.#free.set(connection, setTimeout(() => this.#drop(connection), idleTimeout));
    this.#onIdle();
  }

  #drop(connection: Connection): void {
    this.#take(connection);
    this.#all.delete(connection);
    void connection.close();
  }

  /** Takes a connection from the free ones. */
  #take(connection: Connection): Connection {
    clearTimeout(this.#free.get(connection));
    this.#free.delete(connection);
    return connection;
  }

  #forget(connection: Connection): void {
    this.#take(connection);
    this.#all.delete(connection);
    this.#grow();
    this.#onIdle();
  }

  /** What one connection has told of its server is likely to be so for the others. */
  #renew(): void {
    for (const connection of this.#all) this.#spent.add(connection);
    for (const connection of this.#free.keys()) this.#drop(connection);
  }

  #judge(connection: Connection, error: unknown): void {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "25006" && !connection.readOnly || code === "ETIMEDOUT") this.#renew();
    if (code === "25006") this.#spent.add(connection);
  }
}

interface Waiting {
  resolve(connection: Connection): void;
  reject(error: unknown): void;
}

/**
 * Milliseconds between attempts to connect, during which callers wait: at most about a second, so that
 * answers come soon while the server is away, and work goes on soon after.
 */
const pause = { from: 50, most: 1000 };
const idleTimeout = 60_000;
const readOnlyLifetime = 1000;
/** So that what a server keeps for a connection is let go, and a server that is back gets some. */
const lifetime = 45 * 60_000;

function ended(): Error {
  return Object.assign(new Error("the connections to the database are closed"), { code: "CONNECTION_ENDED" });
}
