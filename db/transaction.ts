/**
 * Transactions: all of the work is committed, or nothing.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { bind, onSettled, type Query, type Transaction } from "./query.ts";

/** Lends connections. */
export interface Lender {
  lend<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
}

/**
 * Runs `work` in a transaction, on one connection. Rejects with the work's error, or with that of a statement it
 * did not wait for, and leaves nothing then. A connection that is lost takes the transaction with it; only where
 * it is lost while it commits, nobody knows whether it has.
 */
export function transaction<T>(sql: Lender, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return sql.lend(async (connection) => {
    let failed: { error: unknown } | undefined;
    const run = (query: Query) => {
      onSettled(query, (error) => error !== undefined && (failed ??= { error }));
      // A caller that does not await it hears of the failure at the end.
      query.catch(() => {});
      connection.execute(query);
    };
    const tx = bind(connection.sql, run);
    // On its way together with the first statement.
    tx.unsafe("begin").execute();
    try {
      const result = await work(tx);
      // A transaction that has failed is rolled back by this.
      const { command } = await connection.sql`commit`;
      if (failed || command !== "COMMIT") throw failed?.error ?? new Error("the transaction was rolled back");
      return result;
    } catch (error) {
      if (connection.isOpen()) await connection.sql`rollback`.catch((cause) => connection.destroy(cause));
      throw isAborted(error) && failed ? failed.error : error;
    }
  });
}

// ---

/** A statement after the one that failed. */
function isAborted(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "25P02";
}
