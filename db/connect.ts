/**
 * Connections to PostgreSQL. Nothing here connects on import; the caller owns what it opens.
 *
 * @module
 */
import postgres from "postgres";

/** A pool of connections (or one reserved for a transaction). */
export type Sql = postgres.Sql;
/** A transaction under way. */
export type Transaction = postgres.TransactionSql;

/** How many connections, and how they announce themselves to the server. */
export interface ConnectOptions {
  /** Most connections at once. Default 10. */
  readonly max?: number;
  /** `application_name`, shown in pg_stat_activity. */
  readonly name?: string;
}

/** Opens a pool. It connects when first asked, and again after a loss. Seconds everywhere. */
export function connect(url: string, { max = 10, name = "talky-core-api" }: ConnectOptions = {}): Sql {
  return postgres(url, {
    max,
    connect_timeout: 5,
    idle_timeout: 60,
    backoff,
    // Type discovery costs a query on every connection, and we read JSON and scalars only.
    fetch_types: false,
    onnotice: () => {},
    types: { bigint: int8 },
    connection: { application_name: name, TimeZone: "UTC" },
  });
}

/**
 * Whether an error says that the database is away (refused, cut, shutting down, starting up, out of
 * connections), as opposed to having refused what it was asked. Such work may be tried again.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return unavailableCodes.test(code) || lostOnWorkers.test(error.message);
}

/** Whether PostgreSQL refused the data itself (class 21, 22, 23): trying again cannot help. */
export function isRefusedData(error: unknown): boolean {
  return error instanceof postgres.PostgresError && /^2[123]/.test(error.code);
}

/** Whether PostgreSQL cannot hold a value it was given (class 22): a NUL in a text, the year 0. */
export function isImpossibleValue(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code.startsWith("22");
}

// ---

/**
 * Seconds between attempts to connect, during which whoever asks waits: at most about one (the driver's own
 * are up to 20), so that answers come soon while the server is away, and work goes on soon after.
 */
function backoff(attempt: number): number {
  return Math.min(0.05 * 2 ** attempt, 1) * (0.75 + Math.random() / 2);
}

/** Ids stay below 2^53: one event a microsecond for 285 years. */
const int8 = { to: 20, from: [20], serialize: String, parse: Number };

// SQLSTATE 08 connection, 57P shutdown, 53300 too many connections, 40 serialisation, 25006 read only, 25P03
// hung for too long, 55000 the database accepts no connections.
const unavailableCodes =
  /^(08...|57P..|53...|40...|25006|25P03|55000|CONNECT_TIMEOUT|CONNECTION_\w+|ECONN\w+|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH)$/;

/** Errors of workerd's sockets have no code. */
const lostOnWorkers = /^(proxy request failed|Network connection lost)/;
