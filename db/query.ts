/**
 * The driver's way to write statements (`sql\`…\``), handed to the code that runs them.
 *
 * @module
 */
import type postgres from "postgres";

/** Writes statements, and runs them in a transaction. */
export type Transaction = postgres.ISql;

/** A statement of the driver: a promise that runs when it is first asked for. */
export interface Query extends Promise<unknown> {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Key of the server's process that has it, once it was sent. */
  readonly state: { readonly pid: number; readonly secret: number } | null;
}

/** The same way to write statements, whose statements are run by `run`. */
export function bind(sql: Transaction, run: (query: Query) => void): Transaction {
  const adopt = (made: unknown) => {
    // `handler` is who the driver's statement turns to when it is awaited.
    if (made instanceof Promise) Object.assign(made, { handler: run });
    return made;
  };
  const tag = (...args: unknown[]) => adopt((sql as unknown as (...args: unknown[]) => unknown)(...args));
  const { types, typed, array, json } = sql;
  const unsafe = (...args: Parameters<Transaction["unsafe"]>) => adopt(sql.unsafe(...args));
  return Object.assign(tag, { types, typed, array, json, unsafe }) as unknown as Transaction;
}

/** What a client of the driver does with its own statements. */
export function handlerOf(sql: Transaction): (query: Query) => void {
  return (sql.unsafe("") as unknown as { handler: (query: Query) => void }).handler;
}

/** Calls back when a statement settles, with its error where it fails; also where the driver replaces its callbacks (cursors). */
export function onSettled(query: Query, callback: (error?: unknown) => void): void {
  const known = callbacks.get(query);
  if (known) return void known.push(callback);
  const waiting = [callback];
  callbacks.set(query, waiting);
  for (const name of ["resolve", "reject"] as const) {
    let settle = query[name];
    Object.defineProperty(query, name, {
      set: (replacement) => void (settle = replacement),
      get: () => (value: unknown) => {
        settle(value);
        for (const callback of waiting.splice(0)) callback(name === "reject" ? value : undefined);
      },
    });
  }
}

// ---

const callbacks = new WeakMap<Query, ((error?: unknown) => void)[]>();
