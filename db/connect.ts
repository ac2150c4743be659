/**
 * Connections to PostgreSQL. Nothing here connects on import; the caller owns what it opens.
 *
 * @module
 */
import postgres from "postgres";
import type { Connection } from "./connection.ts";
import { createPool, type PoolStatus } from "./pool.ts";
import type { Transaction } from "./query.ts";
import { type Lender, transaction } from "./transaction.ts";
import { parseDatabaseUrl } from "./url.ts";

export type { Transaction } from "./query.ts";

/** A pool of connections: runs each statement on one that is free. */
export interface Sql extends Transaction, Lender {
  /** Runs `work` in a transaction: see {@link transaction}. */
  begin<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Opens a connection besides, which is the caller's to close; `onNotify` hears of every notification. */
  open(onNotify: () => void): Promise<Connection>;
  status(): PoolStatus;
  /** Takes no more work; after so many seconds (default 5) what is under way is cut off. */
  end(options?: { readonly timeout?: number }): Promise<void>;
}

/** How many connections, how patient, and how they announce themselves to the server. Seconds. */
export interface ConnectOptions {
  /** Most connections at once. Default 10, or what the URL says. */
  readonly max?: number;
  /** `application_name`, shown in pg_stat_activity, where the URL gives none. */
  readonly name?: string;
  /** Another database than the URL's. */
  readonly database?: string;
  /** How long a statement may take. Default 60. */
  readonly timeout?: number;
  /** It is for a few statements: that it finds out about the server would take as long as they. */
  readonly brief?: boolean;
}

/** Opens a pool. It connects when first asked, and again after a loss. Throws where the URL cannot be used. */
export function connect(url: string, options: ConnectOptions = {}): Sql {
  const { max, name = "talky-core-api", database, timeout = 60, brief = false } = options;
  const address = parseDatabaseUrl(url);
  const pool = createPool(database === undefined ? address : { ...address, database }, {
    max: max ?? address.poolSize ?? 10,
    name,
    timeout: timeout * 1000,
    patience: Math.min(address.poolTimeout || 10, timeout) * 1000,
    connectTimeout: Math.min(address.connectTimeout || 5, 30) * 1000,
    greet: !brief,
  });
  const sql = Object.assign(pool.sql, {
    lend: pool.lend,
    open: pool.open,
    status: pool.status,
    begin: <T>(work: (tx: Transaction) => Promise<T>) => transaction(pool, work),
    end: ({ timeout = 5 }: { readonly timeout?: number } = {}) => pool.end(timeout * 1000),
  });
  return sql;
}

/**
 * Whether an error says that the database is away (refused, cut, shutting down, starting up, out of
 * connections), cannot be written to now, or took too long, as opposed to having refused what it was asked.
 * Such work may be tried again.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return unavailableCodes.test(code) || error.name === "DialError" || lostOnWorkers.test(error.message);
}

/** Whether the server cannot be written to: a standby, or one that has no room. */
export function isReadOnly(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "25006";
}

/** What a server that cannot be written to says to a write. */
export function readOnly(): Error {
  return Object.assign(new Error("the database can be read, but not written to"), { code: "25006" });
}

/** Whether PostgreSQL refused the data itself (class 21, 22, 23): trying again cannot help. */
export function isRefusedData(error: unknown): boolean {
  return error instanceof postgres.PostgresError && /^2[123]/.test(error.code);
}

/** Whether PostgreSQL cannot hold a value it was given (class 22): a NUL in a text, the year 0. */
export function isImpossibleValue(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code.startsWith("22");
}

/** An array literal: without type discovery (`fetch_types`) the driver does not make them itself. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

// ---

// SQLSTATE 08 connection, 57P shutdown, 53 no room, 40 serialisation, 58 the server's disk, 25006 read only, 25P03
// and 25P04 hung for too long, 55P03 a lock, 57014 took too long, 55000 the database accepts no connections; and
// 28, 3D of a login that was good when we started.
const unavailableCodes = new RegExp(
  "^(08...|28...|3D000|57P..|57014|53...|40...|58...|25006|25P0[34]|55P03|55000|" +
    "CONNECT_TIMEOUT|CONNECTION_\\w+|ECONN\\w+|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$",
);

/** Errors of workerd's sockets have no code. */
const lostOnWorkers = /^(proxy request failed|Network connection lost)/;
