/**
 * Listening for appends. A hint, never the truth: whoever is woken reads by cursor, and polls besides,
 * so a lost notification costs a pause and nothing else. Needs a direct connection (no transaction
 * pooler, no Hyperdrive).
 *
 * @module
 */
import type { Sql } from "./connect.ts";
import { wakeupChannel } from "./log.ts";

/**
 * Calls back after appends, and after every reconnection (what was announced meanwhile is unknown).
 * Keeps trying while the database is away; answers how to stop.
 */
export function listenForAppends(sql: Sql, onAppend: () => void): () => Promise<void> {
  let stopped = false;
  let unlisten: (() => Promise<void>) | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const listen = async () => {
    try {
      const subscription = await sql.listen(wakeupChannel, onAppend, onAppend);
      unlisten = subscription.unlisten;
      if (stopped) await unlisten();
    } catch {
      // The first attempt failed; later losses are the driver's to repair.
      if (!stopped) retry = setTimeout(() => void listen(), 1000);
    }
  };
  void listen();

  return async () => {
    stopped = true;
    clearTimeout(retry);
    await unlisten?.().catch(() => {});
  };
}
