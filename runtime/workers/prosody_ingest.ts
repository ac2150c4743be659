/**
 * Ingest on Workers, where it is bound: one Durable Object keeps the connection to Prosody. It is one more
 * instance for Prosody to feed, and may run beside others.
 *
 * @module
 */
import { connect } from "../../db/connect.ts";
import { startHousekeeping } from "../../db/housekeeping.ts";
import type { ProsodySession } from "../../ingest/prosody_session.ts";
import { checkProsody, databaseRecorder, startIngest } from "../assemble.ts";
import type { Bindings, DurableObjectState } from "./runtime.ts";
import { readShared } from "./shared.ts";

/** Any request starts it, and is answered with how it stands; from then on its alarm keeps it. */
export class ProsodyIngest {
  readonly #state: DurableObjectState;
  readonly #bindings: Bindings;
  #session: Promise<ProsodySession> | undefined;

  constructor(state: DurableObjectState, bindings: Bindings) {
    this.#state = state;
    this.#bindings = bindings;
  }

  async fetch(_request: Request): Promise<Response> {
    const session = await this.#start();
    return Response.json(checkProsody(session.status()));
  }

  async alarm(): Promise<void> {
    await this.#start();
  }

  async #start(): Promise<ProsodySession> {
    await this.#state.storage.setAlarm(Date.now() + heartbeat);
    return await (this.#session ??= ingest(this.#bindings));
  }
}

// ---

/** An object without events for a minute is put to sleep. In milliseconds. */
const heartbeat = 30_000;

async function ingest(bindings: Bindings): Promise<ProsodySession> {
  const { settings, keys } = await readShared(bindings);
  const sql = connect(settings.databaseUrl!, {
    max: 4,
    name: "talky-ingest",
    timeout: settings.databaseTimeout,
  });
  startHousekeeping(sql, settings.keeping);
  return startIngest(settings, keys, sql, databaseRecorder(sql));
}
