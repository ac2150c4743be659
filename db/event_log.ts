/**
 * The log in PostgreSQL, as the stream's port: read by cursor, woken by NOTIFY.
 *
 * @module
 */
import type { Sql } from "./connect.ts";
import { type LogBounds, type LoggedEvent, type LogPage, readAfter, readBounds } from "./log.ts";
import { listenForAppends } from "./wakeup.ts";

/** The log over a pool. Listening takes one connection of its own. */
export function postgresLog(sql: Sql): {
  bounds(): Promise<LogBounds>;
  readAfter(after: number, page: LogPage): Promise<LoggedEvent[]>;
  onAppend(wake: () => void): () => Promise<void>;
} {
  return {
    bounds: () => readBounds(sql),
    readAfter: (after, page) => readAfter(sql, after, page),
    onAppend: (wake) => listenForAppends(sql, wake),
  };
}
