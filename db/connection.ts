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
import type { DatabaseAddress, DatabaseHost } from "./url.ts";

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

/** A connection that is open. */
export interface Connection {
  /** Runs statements on it, and nowhere else. */
  readonly sql: Transaction;
  /** Whether the server could not be written to when it was greeted. */
  readonly readOnly: boolean;
  /** Whether somebody between us and the server hands out its sessions (PgBouncer and its like). */
  readonly pooled: boolean;
  /** When it was opened, by `performance.now()`. */
  readonly opened: number;
  /** Resolves when it is gone. */
  readonly closed: Promise<void>;
  isOpen(): boolean;
  /** Hands a statement to the driver. It settles. */
  execute(query: Query): void;
  /** Ends it in good order; within a second in any. */
  close(): Promise<void>;
  /** Ends it at once; what is under way rejects with the error. */
  destroy(error: Error): void;
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
  const connection = talk(socket, address, host, options);
  if (options.greet === false) return connection;
  try {
    return await greet(connection, remaining);
  } catch (error) {
    connection.destroy(error as Error);
    throw error;
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

function talk(
  socket: net.Socket,
  address: DatabaseAddress,
  host: DatabaseHost,
  { timeout, name, greet: greeted, onNotify }: ConnectionOptions,
): Connection & { patience: number; prepares(yes: boolean): void } {
  const underWay = new Set<Query>();
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  let gone: Error | undefined;
  let late: ReturnType<typeof setTimeout> | undefined;
  let patience = timeout;

  // Before the driver's listeners: it forgets a statement that comes between a socket's error and its end.
  socket.once("error", (error) => lose(lost(host, error)));
  socket.once("close", () => lose(lost(host)));
  let given = false;
  const client = postgres({
    ...driverOptions,
    host: nameOf(host),
    database: address.database,
    ...address.user !== undefined && { user: address.user },
    pass: address.password,
    prepare: greeted !== false && !address.pooled,
    connection: { application_name: name, TimeZone: "UTC", ...address.startup },
    ...{
      // The driver may ask once. A second time it would connect again.
      socket: () => {
        if (given || gone) throw gone ?? lost(host);
        given = true;
        return socket;
      },
    },
    ...onNotify && { onnotify: onNotify },
  });
  const handler = handlerOf(client);

  function lose(error: Error): void {
    if (gone) return;
    gone = error;
    clearTimeout(late);
    for (const query of [...underWay]) query.reject(error);
    socket.destroy();
    onClosed();
  }

  /** Each answer gives the next statement its time anew. */
  function watch(): void {
    clearTimeout(late);
    if (underWay.size === 0 || gone) return;
    late = setTimeout(() => {
      const [query] = underWay;
      const error = tooLate(`${nameOf(host)} did not answer a statement`, patience);
      const key = query?.state;
      lose(error);
      if (key?.pid) void cancel(host, key);
    }, patience);
  }

  function settled(query: Query): void {
    underWay.delete(query);
    watch();
  }

  function execute(query: Query): void {
    if (gone) return query.reject(gone);
    onSettled(query, () => settled(query));
    underWay.add(query);
    if (underWay.size === 1) watch();
    handler(query);
  }

  return {
    sql: bind(client, execute),
    readOnly: false,
    pooled: address.pooled,
    opened: performance.now(),
    closed,
    isOpen: () => !gone,
    execute,
    async close() {
      if (!gone) await client.end({ timeout: 1 });
      lose(lost(host));
    },
    destroy: lose,
    set patience(milliseconds: number) {
      patience = milliseconds;
    },
    get patience() {
      return patience;
    },
    prepares: (yes) => void (client.options.prepare = yes),
  };
}

/**
 * Asks who answers. A pooler gives out keys of its own: the process that says hello is not the one whose key we
 * were given.
 */
async function greet(
  connection: ReturnType<typeof talk>,
  within: number,
): Promise<Connection> {
  const { patience: timeout } = connection;
  connection.patience = within;
  const answer = await connection.sql.unsafe<[{ pid: number; read_only: boolean }]>(
    "select pg_backend_pid() as pid, current_setting('transaction_read_only') = 'on' as read_only",
  );
  connection.patience = timeout;
  const [{ pid, read_only: readOnly }] = answer;
  const pooled = connection.pooled || pid !== answer.state?.pid;
  connection.prepares(!pooled);
  return Object.assign(connection, { readOnly, pooled });
}

function lost(host: DatabaseHost, cause?: Error & { code?: string }): Error {
  const message = `the connection to ${nameOf(host)} is gone${cause ? `: ${cause.message}` : ""}`;
  return Object.assign(new Error(message), { code: cause?.code ?? "CONNECTION_CLOSED" });
}
