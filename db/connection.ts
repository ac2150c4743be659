/**
 * One connection to PostgreSQL, for as long as it lasts. It does not connect again: what is said on it is said to
 * one server, in one session, or fails. Every statement is answered, or fails within a deadline.
 *
 * The driver's own pool is not used: it sends a statement behind another that is not answered yet, which a pooler
 * in transaction mode gives to two servers; it has no deadlines; and after a loss it sends what remains of a
 * transaction on a new connection (ADR 0014).
 *
 * @module
 */
import type net from "node:net";
import postgres from "postgres";
import { cancel, dial, nameOf } from "./dial.ts";
import { bind, handlerOf, onSettled, type Query, type Transaction } from "./query.ts";
import type { DatabaseAddress, DatabaseHost } from "./database_address.ts";

/** How a connection is opened. Milliseconds. */
export interface ConnectionOptions {
  /** How long a statement may take. */
  readonly timeout: number;
  /** How long connecting may take, login included. */
  readonly connectTimeout: number;
  /** `application_name`, where the URL gives none. */
  readonly name: string;
  /** False: it is not asked which server it is; nothing is prepared by name. For a connection of a few statements. */
  readonly greet?: boolean;
  readonly onNotify?: () => void;
}

/** Opens one to a server. Rejects with a {@link DialError}, or with what the server said. */
export async function openConnection(
  address: DatabaseAddress,
  host: DatabaseHost,
  options: ConnectionOptions,
): Promise<Connection> {
  const began = performance.now();
  const socket = await dial(address, host, options.connectTimeout);
  const remaining = Math.max(1000, options.connectTimeout - (performance.now() - began));
  const connection = new Connection(socket, address, host, options);
  if (options.greet === false) return connection;
  try {
    await connection.greet(remaining);
    return connection;
  } catch (error) {
    connection.destroy(error as Error);
    throw error;
  }
}

/** A connection that is open. */
export class Connection {
  /** Runs statements on it, and nowhere else. */
  readonly sql: Transaction;
  /** When it was opened, by `performance.now()`. */
  readonly opened = performance.now();
  /** Resolves when it is gone. */
  readonly closed: Promise<void>;

  readonly #host: DatabaseHost;
  readonly #socket: net.Socket;
  readonly #client: postgres.Sql;
  readonly #handler: (query: Query) => void;
  readonly #onClosed: () => void;
  readonly #underWay = new Set<Query>();
  #readOnly = false;
  #pooled: boolean;
  /** How long a statement may take, in milliseconds. */
  #patience: number;
  #gone: Error | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: net.Socket, address: DatabaseAddress, host: DatabaseHost, options: ConnectionOptions) {
    this.#host = host;
    this.#socket = socket;
    this.#pooled = address.pooled;
    this.#patience = options.timeout;
    ({ promise: this.closed, resolve: this.#onClosed } = Promise.withResolvers<void>());
    // Before the driver's listeners: it forgets a statement that comes between a socket's error and its end.
    socket.once("error", (error) => this.destroy(lost(host, error)));
    socket.once("close", () => this.destroy(lost(host)));
    this.#client = postgres(clientOptions(address, host, options, this.#giveSocket()));
    this.#handler = handlerOf(this.#client);
    this.sql = bind(this.#client, (query) => this.execute(query));
  }

  /** Whether the server could not be written to when it was greeted. */
  get readOnly(): boolean {
    return this.#readOnly;
  }

  /** Whether somebody between us and the server hands out its sessions (PgBouncer and its like). */
  get pooled(): boolean {
    return this.#pooled;
  }

  isOpen(): boolean {
    return !this.#gone;
  }

  /**
   * Asks who answers, within so many milliseconds. A pooler gives out keys of its own: the process that says hello
   * is not the one whose key we were given.
   */
  async greet(within: number): Promise<void> {
    const patience = this.#patience;
    this.#patience = within;
    const answer = await this.sql.unsafe<[{ pid: number; read_only: boolean }]>(
      "select pg_backend_pid() as pid, current_setting('transaction_read_only') = 'on' as read_only",
    );
    this.#patience = patience;
    const [{ pid, read_only: readOnly }] = answer;
    this.#readOnly = readOnly;
    this.#pooled ||= pid !== answer.state?.pid;
    this.#client.options.prepare = !this.#pooled;
  }

  /** Hands a statement to the driver. It settles. */
  execute(query: Query): void {
    if (this.#gone) return query.reject(this.#gone);
    onSettled(query, () => {
      this.#underWay.delete(query);
      this.#watch();
    });
    this.#underWay.add(query);
    if (this.#underWay.size === 1) this.#watch();
    this.#handler(query);
  }

  /** Ends it in good order; within a second in any. */
  async close(): Promise<void> {
    if (!this.#gone) await this.#client.end({ timeout: 1 });
    this.destroy(lost(this.#host));
  }

  /** Ends it at once; what is under way rejects with the error. */
  destroy(error: Error): void {
    if (this.#gone) return;
    this.#gone = error;
    clearTimeout(this.#late);
    for (const query of [...this.#underWay]) query.reject(error);
    this.#socket.destroy();
    this.#onClosed();
  }

  /** The driver may ask for its socket once. A second time it would connect again. */
  #giveSocket(): () => net.Socket {
    let given = false;
    return () => {
      if (given || this.#gone) throw this.#gone ?? lost(this.#host);
      given = true;
      return this.#socket;
    };
  }

  /** Each answer gives the next statement its time anew. */
  #watch(): void {
    clearTimeout(this.#late);
    if (this.#underWay.size === 0 || this.#gone) return;
    this.#late = setTimeout(() => {
      const [query] = this.#underWay;
      const key = query?.state;
      this.destroy(tooLate(`${nameOf(this.#host)} did not answer a statement`, this.#patience));
      if (key?.pid) void cancel(this.#host, key);
    }, this.#patience);
  }
}

/** The database did not answer in time. */
export function tooLate(what: string, milliseconds: number): Error {
  return Object.assign(new Error(`${what} within ${milliseconds / 1000} s`), { code: "ETIMEDOUT" });
}

// ---

/** What the driver is told that no URL says. Type discovery costs a query, and we read JSON and scalars only. */
export const driverOptions = {
  max: 1,
  fetch_types: false,
  no_subscribe: true,
  onnotice: () => {},
  // Ids stay below 2^53: one event a microsecond for 285 years.
  types: { bigint: { to: 20, from: [20] as number[], serialize: String, parse: Number } },
  ssl: false,
  connect_timeout: 0,
  idle_timeout: 0,
  max_lifetime: 0,
  keep_alive: 0,
} as const;

function clientOptions(
  address: DatabaseAddress,
  host: DatabaseHost,
  { name, greet, onNotify }: ConnectionOptions,
  socket: () => net.Socket,
) {
  return {
    ...driverOptions,
    host: nameOf(host),
    database: address.database,
    ...address.user !== undefined && { user: address.user },
    pass: address.password,
    prepare: greet !== false && !address.pooled,
    connection: { application_name: name, TimeZone: "UTC", ...address.startup },
    // Which the driver's types do not know.
    ...{ socket },
    ...onNotify && { onnotify: onNotify },
  };
}

function lost(host: DatabaseHost, cause?: Error & { code?: string }): Error {
  const message = `the connection to ${nameOf(host)} is gone${cause ? `: ${cause.message}` : ""}`;
  return Object.assign(new Error(message), { code: cause?.code ?? "CONNECTION_CLOSED" });
}
