/**
 * The API's own XMPP session to Prosody: connected with backoff for as long as it is not stopped.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { backoff } from "../db/backoff.ts";
import { delay } from "./delay.ts";
import { type OutboxOptions, type ProsodyStatus, readOutbox, reasonOf } from "./outbox_connection.ts";

export interface ProsodySession {
  status(): ProsodyStatus;
  /** Closes the connection; batches that are not acknowledged are sent again to the next subscriber. */
  stop(): Promise<void>;
}

/** Connects and keeps connected. Never throws: trouble is logged, and tried again. */
export function startProsodySession(options: OutboxOptions): ProsodySession {
  const stopping = new AbortController();
  let status: ProsodyStatus = { connected: false, active: false, outbox: undefined };
  let trouble = "";
  let attempts = 0;

  async function keepConnected(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await readOutbox(options, stopping.signal, (change) => {
          if (change.connected) [attempts, trouble] = [0, ""];
          status = { ...status, ...change };
        });
      } catch (error) {
        const reason = reasonOf(error);
        // Said once, not at every attempt.
        if (reason !== trouble) {
          log.warning("Prosody at {url}: {reason}; trying again", { url: options.url, reason });
        }
        trouble = reason;
      }
      status = { connected: false, active: false, outbox: undefined };
      await delay(backoff(attempts++, pause), stopping.signal);
    }
  }

  const ended = keepConnected();
  return {
    status: () => status,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

// ---

const log = getLogger(["talky", "ingest"]);

/** Milliseconds between attempts to connect. */
const pause = { from: 250, most: 5000 };
