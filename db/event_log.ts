/**
 * The log in PostgreSQL, as its readers' port: read by cursor, woken by NOTIFY.
 *
 * @module
 */
import type { EventLog } from "../events/event_log.ts";
import type { Sql } from "./connect.ts";
import { readAfter, readBounds } from "./log.ts";
import { listenForAppends } from "./wakeup.ts";

/** The log over a pool. Listening takes one connection of its own. */
export function postgresLog(sql: Sql): EventLog & { onAppend(wake: () => void): () => Promise<void> } {
  return {
    bounds: () => readBounds(sql),
    readAfter: (after, page) => readAfter(sql, after, page),
    onAppend: (wake) => listenForAppends(sql, wake),
  };
}
