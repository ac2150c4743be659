/**
 * Listening for appends. A hint, never the truth: a reader that is woken reads by cursor, and polls besides,
 * so a lost notification costs a pause and nothing else. A pooler in transaction mode has no LISTEN, nor has
 * Hyperdrive: this is found out, and said once.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Sql } from "./connect.ts";
import { wakeupChannel } from "./log.ts";

/**
 * Calls back after appends, and after every reconnection (what was announced meanwhile is unknown).
 * Keeps trying while the database is away; returns how to stop.
 */
export function listenForAppends(sql: Sql, onAppend: () => void): () => Promise<void> {
  const stopping = Promise.withResolvers<void>();
  let stopped = false;

  const keepListening = async () => {
    while (!stopped) {
      const again = await listenOnce(sql, onAppend, stopping.promise).catch(() => retryAfter);
      if (!stopped) await pause(again, stopping.promise);
    }
  };
  const ended = keepListening();

  return async () => {
    stopped = true;
    stopping.resolve();
    await ended;
  };
}

// ---

const log = getLogger(["talky", "db"]);

/** Milliseconds. */
const retryAfter = 1000;
const retrySoon = 50;
const askEvery = 15_000;
const answerWithin = 5000;
/** A pooler may be configured otherwise, or gone, in a while. */
const retryPooler = 60_000;

/** One connection, from LISTEN to its end. Returns when to try again. */
async function listenOnce(sql: Sql, onAppend: () => void, stopping: Promise<void>): Promise<number> {
  let heard = () => {};
  const connection = await sql.open(() => {
    heard();
    onAppend();
  });
  try {
    // Also a question whether the connection lives: the same again changes nothing.
    const listen = async () => {
      const late = setTimeout(
        () => connection.destroy(new Error("the listening connection does not answer")),
        answerWithin,
      );
      await connection.sql.unsafe(`listen ${wakeupChannel}`).finally(() => clearTimeout(late));
    };
    const hearing = new Promise<boolean>((resolve) => heard = () => resolve(true));
    await listen();
    onAppend();
    if (connection.pooled && !await isHeard(sql, hearing)) {
      if (!told.has(sql)) {
        log.warning("The pooler has no LISTEN: the stream follows by polling, once a second");
      }
      told.add(sql);
      await connection.sql.unsafe("unlisten *");
      return retryPooler;
    }
    const asking = setInterval(() => listen().catch(() => {}), askEvery);
    await Promise.race([connection.closed, stopping]).finally(() => clearInterval(asking));
    // It has worked, so it is likely to work again.
    return retrySoon;
  } finally {
    await connection.close();
  }
}

const told = new WeakSet<Sql>();

/** Whether what another connection says on the channel arrives. */
async function isHeard(sql: Sql, hearing: Promise<boolean>): Promise<boolean> {
  const { promise: patience, resolve } = Promise.withResolvers<boolean>();
  const late = setTimeout(() => resolve(false), 2000);
  try {
    await sql`select pg_notify(${wakeupChannel}, '')`;
    return await Promise.race([hearing, patience]);
  } finally {
    clearTimeout(late);
  }
}

async function pause(milliseconds: number, stopping: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, stopping]).finally(() => clearTimeout(timer));
}
