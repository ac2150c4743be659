/**
 * Transactions that bear the loss of their connection.
 *
 * @module
 */
import type { Sql, Transaction } from "./connect.ts";

/**
 * Runs `work` in a transaction: all of it is committed, or nothing. The driver's own `begin` answers every
 * error with a rollback, also on a connection that is gone: that ends the process, or ends up in whatever
 * transaction has the connection next. So it is not told of the loss by us; it hears of it from the socket,
 * and rejects. Between its statements `work` waits for nothing else: a statement that is given to a lost
 * connection meets the same fate.
 */
export async function transaction<T>(sql: Sql, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return await sql.begin(async (tx) => {
    try {
      return await work(tx);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      return await new Promise<never>(() => {});
    }
  }) as T;
}

// ---

/** The socket is closed, or about to be: SQLSTATE 57P01 to 57P04 and 25P03 are PostgreSQL's last words. */
function isConnectionLoss(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(08...|57P..|25P03|CONNECTION_\w+|ECONN\w+|EPIPE|ETIMEDOUT)$/.test(code);
}
