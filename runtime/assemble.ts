/**
 * What the service is made of on every runtime. Connections and sockets are the caller's: `main.ts` brings
 * them on Deno, `runtime/workers/` on Cloudflare's.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { createOperatorAuthenticator } from "../auth/authenticate.ts";
import { signIngestCredential } from "../auth/credential.ts";
import type { Keys } from "../auth/keys.ts";
import { type Settings, xmppHosts } from "../config.ts";
import { isReadOnly, isRefusedData, isUnavailable, readOnly, type Sql } from "../db/connect.ts";
import { readNewestTime } from "../db/log.ts";
import { readPositions } from "../db/sources.ts";
import { store } from "../db/store.ts";
import { readCustomerData } from "../db/users.ts";
import type { Receipt, Submission } from "../events/submission.ts";
import type { OutboxStatus } from "../ingest/outbox_batch.ts";
import type { ProsodyStatus } from "../ingest/outbox_connection.ts";
import { type ProsodySession, startProsodySession } from "../ingest/prosody_session.ts";
import { createRecorder, type Recorder } from "../ingest/recorder.ts";
import type { Check, Dependencies } from "../routes/dependencies.ts";

/** What the routes are given of the settings. */
export function routeSettings(
  settings: Settings,
  keys: Keys,
): Pick<
  Dependencies,
  | "publicUrl"
  | "hsts"
  | "healthDetails"
  | "xmpp"
  | "keys"
  | "operators"
  | "accessTokenInQuery"
  | "appTokens"
  | "ice"
  | "thresholds"
> {
  return {
    publicUrl: settings.publicUrl,
    hsts: settings.hsts,
    healthDetails: settings.healthDetails,
    xmpp: { domain: settings.xmpp.domain, publicUrl: settings.xmpp.publicUrl },
    keys,
    operators: createOperatorAuthenticator(keys),
    accessTokenInQuery: settings.accessTokenInQuery,
    appTokens: settings.appKeys.length === 0 ? undefined : {
      keys: settings.appKeys.map((key) => new TextEncoder().encode(key)),
      audiences: [settings.appAudience ?? settings.publicUrl],
      audienceRequired: settings.appAudience !== undefined,
    },
    ice: settings.ice,
    thresholds: settings.quality.thresholds,
  };
}

/** The one way in, over a database. `stored` hears what was committed, and how long that took. */
export function databaseRecorder(
  sql: Sql,
  stored: (submissions: readonly Submission[], receipts: readonly Receipt[], seconds: number) => void =
    () => {},
): Recorder {
  return createRecorder({
    store: async (submissions) => {
      const begun = performance.now();
      const receipts = await store(sql, submissions);
      stored(submissions, receipts, (performance.now() - begun) / 1000);
      return receipts;
    },
    isRefusedData,
  });
}

/** Subscribes to Prosody's outbox, and keeps subscribed. */
export function startIngest(settings: Settings, keys: Keys, sql: Sql, recorder: Recorder): ProsodySession {
  const hosts = xmppHosts(settings.xmpp.domain);
  const username = "talky-ingest";
  return startProsodySession({
    url: prosodyUrl(settings),
    hosts,
    username,
    // Needed for the login only; an hour tolerates clocks that differ.
    credential: () => signIngestCredential(keys, `${username}@${hosts.users}`, 3600),
    positions: () => readPositions(sql),
    recorder,
    customerData: (sessionid) => readCustomerData(sql, sessionid),
  });
}

/** Prosody's WebSocket as the API itself reaches it. */
export function prosodyUrl({ xmpp }: Settings): string {
  return xmpp.url ?? `ws://127.0.0.1:${xmpp.port}/xmpp-websocket`;
}

/**
 * Whether Prosody is connected and feeds this instance, and its outbox: `lag` records are not stored, `bytes` of
 * `limit` are taken on its disk, which refuses the `held` ones, `lost` are gone. `answered_in_ms` is how long it took
 * to answer last. `degraded` says what is wrong with it.
 */
export function checkProsody({ connected, active, outbox, answeredIn }: ProsodyStatus): Check {
  const answered = answeredIn !== undefined && { answered_in_ms: answeredIn };
  if (!outbox) return { ok: connected, active, ...answered };
  const { pending: lag, bytes, limit, held, lost } = outbox;
  const degraded = troubleOf(outbox) ?? (connected ? lateness(answeredIn) : undefined);
  return { ok: connected, active, lag, bytes, limit, held, lost, ...answered, ...degraded && { degraded } };
}

/**
 * Makes the check whether the database answers within two seconds, and can be written to. One question is under
 * way at most, so a database that hangs costs one connection, however often it is asked after.
 */
export function databaseCheck(sql: Sql): (streamed: number) => Promise<Check> {
  type Answer = { readonly head: number; readonly generation: string } | { readonly degraded?: string };
  let asking: Promise<Answer> | undefined;
  const ask = () =>
    sql.lend(async ({ sql }): Promise<Answer> => {
      const [{ writable, ...row }] = await sql<[{ head: number; generation: string; writable: boolean }]>`
        select id as head, generation, current_setting('transaction_read_only') = 'off' as writable
        from log_head`;
      // As a write would say, so that the pool looks for another server.
      if (!writable) throw readOnly();
      return row;
    }).catch((error): Answer => isReadOnly(error) ? { degraded: error.message } : {})
      .finally(() => asking = undefined);
  return async (streamed) => {
    const answer = await within(patience, asking ??= ask(), {});
    return "head" in answer ? { ok: true, ...answer, streamed } : { ok: false, ...answer };
  };
}

/** When the newest event happened; undefined where there is none, and where the database does not say soon. */
export function newestEvent(sql: Sql): () => Promise<string | undefined> {
  return () => soon(readNewestTime(sql).catch(() => undefined), undefined);
}

/** Says once that the log cannot be read, and once that it can again. */
export function reportTrouble(): (error: unknown) => void {
  let troubled = false;
  return (error) => {
    if ((error !== null) === troubled) return;
    troubled = error !== null;
    if (!troubled) log.info("The stream reads the log again");
    else if (isUnavailable(error)) {
      log.warning("The stream cannot read the log, the database is away; it goes on when it is back");
    } else log.error("The stream cannot read the log: {error}", { error });
  };
}

/** What comes of a question to the database soon, within two seconds, or else `late`. */
export function soon<T>(question: Promise<T>, late: T): Promise<T> {
  return within(patience, question, late);
}

// ---

/** How long the database may take to answer who asks how things are, in milliseconds. */
const patience = 2000;

/** What comes of a question within so many milliseconds, or else `late`. */
async function within<T>(milliseconds: number, question: Promise<T>, late: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const timer = setTimeout(() => resolve(late), milliseconds);
  return await Promise.race([question, promise]).finally(() => clearTimeout(timer));
}

/** Prosody does one thing at a time: when it takes so long, logins and calls wait as long. */
function lateness(answeredIn = 0): string | undefined {
  if (answeredIn < 2000) return undefined;
  return `Prosody answers after ${(answeredIn / 1000).toFixed(1)} s: calls and logins wait as long`;
}

/** What somebody should look after, though the service works. */
function troubleOf({ bytes, limit, held }: OutboxStatus): string | undefined {
  if (held > 0) {
    const waiting = `${held} ${held === 1 ? "waits" : "wait"} in memory`;
    return `the outbox's disk refuses records (${waiting}): nothing new begins`;
  }
  if (bytes >= limit) return "the outbox is full: nothing new begins";
  if (bytes >= 0.8 * limit) return `the outbox is ${Math.floor(100 * bytes / limit)} % full`;
}

const log = getLogger(["talky", "service"]);
