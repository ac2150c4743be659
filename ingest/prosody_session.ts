/**
 * The API's own XMPP session to Prosody: subscribes to the outbox from what is stored, hands batches to
 * the recorder, acknowledges after the commit. Reconnects with backoff for as long as it is not stopped.
 * The protocol is in `prosody/README.md`.
 *
 * @module
 */
import { client, xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { getLogger } from "@logtape/logtape";
import { Id } from "../events/event.ts";
import { jsonInXml } from "../events/xml_text.ts";
import { goOnline } from "./go_online.ts";
import { MalformedBatch, OutboxStatus, readBatch } from "./outbox_batch.ts";
import { type Recorder, RecorderClosed } from "./recorder.ts";

/** A stored position: everything of this epoch up to `seq`. */
export interface Position {
  readonly source: string;
  readonly epoch: string;
  readonly seq: number;
}

export interface ProsodySessionOptions {
  /** WebSocket of Prosody, e.g. `ws://127.0.0.1:5280/xmpp-websocket`. */
  readonly url: string;
  /** Host of the API's own user, and the MUC host that has the outbox. */
  readonly hosts: { readonly users: string; readonly rooms: string };
  /** Node of the API's own user. */
  readonly username: string;
  /** A fresh ingest credential; asked for at every connection. */
  readonly credential: () => Promise<string>;
  /** The newest stored position of each source. */
  readonly positions: () => Promise<readonly Position[]>;
  readonly recorder: Recorder;
  /** What a session's application said of it, as JSON; null when there is no such session. */
  readonly customerData: (sessionid: string) => Promise<string | null>;
  /** Unacknowledged batches that Prosody may have under way. Default 4. */
  readonly window?: number;
  /**
   * How often the outbox is asked how it is (and the connection, whether it lives), in milliseconds. Default
   * 15,000.
   */
  readonly askEvery?: number;
}

/** How the session stands. */
export interface ProsodyStatus {
  readonly connected: boolean;
  /** Whether Prosody feeds this instance (another one may be fed). */
  readonly active: boolean;
  /** What the outbox last said of itself; `pending`: what is not stored. */
  readonly outbox: OutboxStatus | undefined;
}

export interface ProsodySession {
  status(): ProsodyStatus;
  /** Closes the connection; batches that are not acknowledged come again to whoever subscribes next. */
  stop(): Promise<void>;
}

/** Connects and keeps connected. Never throws: trouble is logged, and tried again. */
export function startProsodySession(options: ProsodySessionOptions): ProsodySession {
  const stopping = new AbortController();
  let status: ProsodyStatus = { connected: false, active: false, outbox: undefined };
  let trouble = "";
  let attempts = 0;

  async function keepConnected(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await connectOnce(options, stopping.signal, (change) => {
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
      await delay(backoff(attempts++), stopping.signal);
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

const namespace = "urn:talky:outbox:1";
const sessionNamespace = "urn:talky:session:1";
const stanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas";
const log = getLogger(["talky", "ingest"]);

/** How long Prosody may take to answer, in milliseconds. */
const answerWithin = 10_000;

/** One connection, from opening to its end. Rejects with why it failed or broke; resolves when stopped. */
async function connectOnce(
  options: ProsodySessionOptions,
  stopping: AbortSignal,
  report: (change: Partial<ProsodyStatus>) => void,
): Promise<void> {
  const { url: service, hosts, username, credential, recorder, askEvery = 15_000 } = options;
  const password = await credential();
  const xmpp = client({ service, domain: hosts.users, username, password });
  // Its own reconnection keeps state across connections; a fresh client each time has none to go wrong.
  xmpp.reconnect.stop();

  const broken = Promise.withResolvers<void>();
  broken.promise.catch(() => {});
  xmpp.on("error", broken.reject);
  xmpp.on("disconnect", () => broken.reject(new Error("the connection is gone")));
  const stop = () => broken.resolve();
  stopping.addEventListener("abort", stop);

  let first = true;
  let failed = false;
  let over = false;
  /** Records that have come on this connection, and those of them that are stored. */
  let [received, stored] = [0, 0];
  /** What the outbox last said of itself; its `pending` counts what has not come. */
  let newest: OutboxStatus | undefined;
  const reportOutbox = () => {
    // A commit may come after the end of its connection.
    if (newest && !over) report({ outbox: { ...newest, pending: newest.pending + received - stored } });
  };

  xmpp.iqCallee.set(namespace, "batch", async (context: { from: unknown; element: Element }) => {
    // Prosody stamps `from`, so no client can pose as the outbox.
    if (String(context.from) !== hosts.rooms) return stanzaError("cancel", "forbidden");
    if (failed) return stanzaError("wait", "resource-constraint");
    try {
      const { submission, status } = readBatch(context.element.attrs, context.element.text());
      received += submission.lines.length;
      newest = status;
      report({ active: true });
      reportOutbox();
      const storing = recorder.submit({ ...submission, resumes: first });
      first = false;
      await storing;
      stored += submission.lines.length;
      reportOutbox();
      return true;
    } catch (error) {
      if (stopping.aborted || error instanceof RecorderClosed) {
        return stanzaError("wait", "recipient-unavailable");
      }
      // What follows on this connection would leave a gap; a new subscription begins at what is stored.
      failed = true;
      broken.reject(new Error(`a batch was not stored and will come again: ${reasonOf(error)}`));
      return stanzaError("wait", error instanceof MalformedBatch ? "bad-request" : "resource-constraint");
    }
  });

  xmpp.iqCallee.get(sessionNamespace, "session", async (context: { from: unknown; element: Element }) => {
    if (String(context.from) !== hosts.rooms) return stanzaError("cancel", "forbidden");
    const sid = Id.safeParse(context.element.attrs["sid"]);
    if (!sid.success) return stanzaError("modify", "bad-request");
    try {
      const json = await options.customerData(sid.data);
      if (json === null) return stanzaError("cancel", "item-not-found");
      return xml("session", { xmlns: sessionNamespace, sid: sid.data }, jsonInXml(json));
    } catch (error) {
      log.warning("A session could not be looked up: {reason}", { reason: reasonOf(error) });
      return stanzaError("wait", "resource-constraint");
    }
  });

  let asking: ReturnType<typeof setInterval> | undefined;
  const late = setTimeout(() => broken.reject(new Error("no answer")), answerWithin);
  try {
    const online = goOnline(xmpp);
    // Whichever loses the race may still reject; the winner has said why.
    online.catch(() => {});
    await Promise.race([online, broken.promise]);
    clearTimeout(late);
    if (stopping.aborted) return;
    const subscribed = await Promise.race([subscribe(xmpp, options), broken.promise]);
    if (!subscribed) return;
    // Batches may have come with the answer; they know better how the outbox stands.
    report(first ? { connected: true, ...subscribed } : { connected: true });
    log.info("Subscribed to the outbox of {source}: {pending} records wait", { ...subscribed.outbox });
    const ask = async () => {
      let storedBefore = stored;
      let { active, outbox } = await askStatus(xmpp, hosts.rooms);
      if (!active && !over) {
        // Another instance is fed, or the outbox has lost its list. To subscribe again puts us on it, and takes
        // nobody's turn: who is on it keeps the place.
        storedBefore = stored;
        ({ active, outbox } = await subscribe(xmpp, options));
      }
      if (over) return;
      // It counts what it has sent and has no answer to among what waits.
      newest = outbox && { ...outbox, pending: Math.max(0, outbox.pending - (received - storedBefore)) };
      report({ active });
      reportOutbox();
    };
    asking = setInterval(
      () => ask().catch(() => broken.reject(new Error("no answer about the outbox"))),
      askEvery,
    );
    await broken.promise;
  } finally {
    over = true;
    clearTimeout(late);
    clearInterval(asking);
    stopping.removeEventListener("abort", stop);
    xmpp.timeout = 1000;
    // Whoever is half gone does not say goodbye.
    const patience = new AbortController();
    const goodbye = xmpp.stop().catch(() => {}).finally(() => patience.abort());
    await Promise.race([goodbye, delay(2000, patience.signal)]);
  }
}

async function subscribe(
  xmpp: ReturnType<typeof client>,
  { hosts, positions, window = 4 }: ProsodySessionOptions,
): Promise<Pick<ProsodyStatus, "active" | "outbox">> {
  const known = (await positions()).map(({ source, epoch, seq }) =>
    xml("position", { source, epoch, seq: String(seq) })
  );
  const request = xml("subscribe", { xmlns: namespace, window: String(window) }, ...known);
  const answer: Element = await xmpp.iqCaller.request(
    xml("iq", { type: "set", to: hosts.rooms }, request),
    answerWithin,
  );
  return readStatus(answer.getChild("subscribed", namespace));
}

async function askStatus(xmpp: ReturnType<typeof client>, outbox: string) {
  const question = xml("iq", { type: "get", to: outbox }, xml("status", namespace));
  const answer: Element = await xmpp.iqCaller.request(question, answerWithin);
  return readStatus(answer.getChild("status", namespace));
}

function readStatus(element: Element | undefined): Pick<ProsodyStatus, "active" | "outbox"> {
  const status = OutboxStatus.safeParse(element?.attrs);
  if (!status.success) throw new Error("its answer is not an outbox's");
  return { outbox: status.data, active: element?.attrs["active"] === "true" };
}

function stanzaError(type: "wait" | "cancel" | "modify", condition: string): Element {
  return xml("error", { type }, xml(condition, stanzaErrors));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("condition" in error && error.condition === "not-authorized") {
    return "the credential was refused (was Prosody configured with another TALKY_SECRET?)";
  }
  return error.message || error.name;
}

/** 0.25 s, doubling to 5 s, give or take a quarter, so that many instances do not knock at once. */
function backoff(attempt: number): number {
  return Math.min(5000, 250 * 2 ** attempt) * (0.75 + Math.random() / 2);
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  const timer = setTimeout(resolve, milliseconds);
  const stop = () => resolve();
  signal.addEventListener("abort", stop);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}
