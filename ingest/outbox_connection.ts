/**
 * One connection to the outbox: subscribes from what is stored, hands batches to the recorder, acknowledges
 * after the commit. The protocol is in `prosody/README.md`.
 *
 * @module
 */
import { client, xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { getLogger } from "@logtape/logtape";
import { Id } from "../events/event.ts";
import { jsonInXml } from "../events/xml_text.ts";
import { delay } from "./delay.ts";
import { goOnline } from "./go_online.ts";
import { MalformedBatch, OutboxStatus, readBatch } from "./outbox_batch.ts";
import { type Recorder, RecorderClosed } from "./recorder.ts";

/** A stored position: everything of this epoch up to `seq`. */
export interface Position {
  readonly source: string;
  readonly epoch: string;
  readonly seq: number;
}

/** Where the outbox is, who asks, and what is done with what comes. */
export interface OutboxOptions {
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
  /** How long Prosody took to answer the last question after its outbox, in milliseconds. */
  readonly answeredIn?: number;
}

/** Reads the outbox over one connection. Rejects with why it failed or broke; resolves when stopped. */
export async function readOutbox(
  options: OutboxOptions,
  stopping: AbortSignal,
  report: (change: Partial<ProsodyStatus>) => void,
): Promise<void> {
  const password = await options.credential();
  const connection = new OutboxConnection(options, password, report, stopping);
  const stop = () => connection.stop();
  stopping.addEventListener("abort", stop);
  try {
    await connection.run();
  } finally {
    stopping.removeEventListener("abort", stop);
    await connection.end();
  }
}

/** Why a connection failed, in the operator's words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("condition" in error && error.condition === "not-authorized") {
    return "the credential was refused (was Prosody configured with another TALKY_SECRET?)";
  }
  return error.message || error.name;
}

// ---

const namespace = "urn:talky:outbox:1";
const sessionNamespace = "urn:talky:session:1";
const stanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas";
const log = getLogger(["talky", "ingest"]);

/** How long Prosody may take to answer, in milliseconds. */
const answerWithin = 10_000;

/** A question of Prosody's. It stamps `from`, so no client can pose as the outbox. */
interface Question {
  readonly from: unknown;
  readonly element: Element;
}

class OutboxConnection {
  readonly #options: OutboxOptions;
  readonly #xmpp: ReturnType<typeof client>;
  readonly #report: (change: Partial<ProsodyStatus>) => void;
  readonly #stopping: AbortSignal;
  /** Rejects with what broke the connection; resolves when it is to stop. */
  readonly #broken = Promise.withResolvers<void>();
  #first = true;
  #failed = false;
  #over = false;
  /** Records that have come on this connection, and those of them that are stored. */
  #received = 0;
  #stored = 0;
  /** What the outbox last said of itself; its `pending` counts what has not come. */
  #newest: OutboxStatus | undefined;

  constructor(
    options: OutboxOptions,
    password: string,
    report: (change: Partial<ProsodyStatus>) => void,
    stopping: AbortSignal,
  ) {
    const { url: service, hosts, username } = options;
    this.#options = options;
    this.#report = report;
    this.#stopping = stopping;
    const xmpp = this.#xmpp = client({ service, domain: hosts.users, username, password });
    // Its own reconnection keeps state across connections; a fresh client each time has none to go wrong.
    xmpp.reconnect.stop();
    this.#broken.promise.catch(() => {});
    xmpp.on("error", this.#broken.reject);
    xmpp.on("disconnect", () => this.#broken.reject(new Error("the connection is gone")));
    xmpp.iqCallee.set(namespace, "batch", (question: Question) => this.#takeBatch(question));
    xmpp.iqCallee.get(sessionNamespace, "session", (question: Question) => this.#describeSession(question));
  }

  stop(): void {
    this.#broken.resolve();
  }

  /** From opening to its end. */
  async run(): Promise<void> {
    const { askEvery = 15_000 } = this.#options;
    const late = setTimeout(() => this.#broken.reject(new Error("no answer")), answerWithin);
    let asking: ReturnType<typeof setInterval> | undefined;
    try {
      const online = goOnline(this.#xmpp);
      // Whichever loses the race may still reject; the winner has said why.
      online.catch(() => {});
      await Promise.race([online, this.#broken.promise]);
      clearTimeout(late);
      if (this.#stopping.aborted) return;
      const subscribed = await Promise.race([subscribe(this.#xmpp, this.#options), this.#broken.promise]);
      if (!subscribed) return;
      // Batches may have come with the answer; they know better how the outbox stands.
      this.#report(this.#first ? { connected: true, ...subscribed } : { connected: true });
      log.info("Subscribed to the outbox of {source}: {pending} records wait", { ...subscribed.outbox });
      asking = setInterval(
        () => this.#ask().catch(() => this.#broken.reject(new Error("no answer about the outbox"))),
        askEvery,
      );
      await this.#broken.promise;
    } finally {
      clearTimeout(late);
      clearInterval(asking);
    }
  }

  async end(): Promise<void> {
    this.#over = true;
    this.#xmpp.timeout = 1000;
    // A peer that is half gone does not say goodbye.
    const patience = new AbortController();
    const goodbye = this.#xmpp.stop().catch(() => {}).finally(() => patience.abort());
    await Promise.race([goodbye, delay(2000, patience.signal)]);
  }

  async #takeBatch({ from, element }: Question): Promise<Element | true> {
    if (String(from) !== this.#options.hosts.rooms) return stanzaError("cancel", "forbidden");
    if (this.#failed) return stanzaError("wait", "resource-constraint");
    try {
      const { submission, status } = readBatch(element.attrs, element.text());
      this.#received += submission.lines.length;
      this.#newest = status;
      this.#report({ active: true });
      this.#reportOutbox();
      const storing = this.#options.recorder.submit({ ...submission, resumes: this.#first });
      this.#first = false;
      await storing;
      this.#stored += submission.lines.length;
      this.#reportOutbox();
      return true;
    } catch (error) {
      if (this.#stopping.aborted || error instanceof RecorderClosed) {
        return stanzaError("wait", "recipient-unavailable");
      }
      // What follows on this connection would leave a gap; a new subscription begins at what is stored.
      this.#failed = true;
      this.#broken.reject(new Error(`a batch was not stored and will come again: ${reasonOf(error)}`));
      return stanzaError("wait", error instanceof MalformedBatch ? "bad-request" : "resource-constraint");
    }
  }

  async #describeSession({ from, element }: Question): Promise<Element> {
    if (String(from) !== this.#options.hosts.rooms) return stanzaError("cancel", "forbidden");
    const sid = Id.safeParse(element.attrs["sid"]);
    if (!sid.success) return stanzaError("modify", "bad-request");
    try {
      const json = await this.#options.customerData(sid.data);
      if (json === null) return stanzaError("cancel", "item-not-found");
      return xml("session", { xmlns: sessionNamespace, sid: sid.data }, jsonInXml(json));
    } catch (error) {
      log.warning("A session could not be looked up: {reason}", { reason: reasonOf(error) });
      return stanzaError("wait", "resource-constraint");
    }
  }

  /** Asks the outbox how it is; who asks and is not heard has lost the connection. */
  async #ask(): Promise<void> {
    let storedBefore = this.#stored;
    const asked = performance.now();
    let { active, outbox } = await askStatus(this.#xmpp, this.#options.hosts.rooms);
    if (!this.#over) this.#report({ answeredIn: Math.round(performance.now() - asked) });
    if (!active && !this.#over) {
      // Another instance is fed, or the outbox has lost its list. To subscribe again puts us on it, and takes
      // nobody's turn: who is on it keeps the place.
      storedBefore = this.#stored;
      ({ active, outbox } = await subscribe(this.#xmpp, this.#options));
    }
    if (this.#over) return;
    // It counts what it has sent and has no answer to among what waits.
    const answered = this.#received - storedBefore;
    this.#newest = outbox && { ...outbox, pending: Math.max(0, outbox.pending - answered) };
    this.#report({ active });
    this.#reportOutbox();
  }

  #reportOutbox(): void {
    // A commit may come after the end of its connection.
    if (!this.#newest || this.#over) return;
    const waiting = this.#received - this.#stored;
    this.#report({ outbox: { ...this.#newest, pending: this.#newest.pending + waiting } });
  }
}

async function subscribe(
  xmpp: ReturnType<typeof client>,
  { hosts, positions, window = 4 }: OutboxOptions,
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
