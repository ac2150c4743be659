/**
 * A Talky client's XMPP session: one login over WebSocket, and stanzas that wait for their confirmation.
 *
 * @module
 */
import { type Client, client, xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { setTimeout as delay } from "node:timers/promises";
import { goOnline } from "../../ingest/go_online.ts";
import { Failure } from "../../runtime/failure.ts";
import { ns } from "./stanzas.ts";
import type { ClientConfig } from "./talky_api.ts";

/** The connection to Prosody broke, though nobody had ended it. */
export class ConnectionLost extends Failure {
  override name = "ConnectionLost";
}

/** Prosody answered with an error. */
export class Refusal extends Failure {
  override name = "Refusal";
}

/** An online client. It acknowledges what peers ask of it and pings, as the SDK does. */
export class TalkyClient {
  readonly config: ClientConfig;
  readonly #xmpp: Client;
  readonly #waiting = new Set<Waiting>();
  readonly #pinging: ReturnType<typeof setInterval>;
  #lost: ConnectionLost | undefined;
  #ending = false;

  private constructor(config: ClientConfig, xmpp: Client) {
    this.config = config;
    this.#xmpp = xmpp;
    this.#pinging = setInterval(() => xmpp.send(ping()).catch(() => {}), pingEvery);
    xmpp.on("stanza", (stanza: Element) => this.#hear(stanza));
    xmpp.on("disconnect", () => this.#lose());
  }

  /** Logs in, and says so with a first presence. Comes again while Prosody has no room. */
  static async logIn(config: ClientConfig): Promise<TalkyClient> {
    return await persist(() => TalkyClient.#logInOnce(config));
  }

  static async #logInOnce(config: ClientConfig): Promise<TalkyClient> {
    const { id: resource, userId, credential: password, signalingUrl: service } = config;
    const [username, domain] = userId.split("@");
    const xmpp = client({ service, domain, username, password, resource });
    // A lost connection is something to report, not to repair.
    xmpp.reconnect.stop();
    xmpp.timeout = patience;
    let trouble = "";
    // Without a listener it would be an uncaught exception; what broke shows in "disconnect" and start().
    xmpp.on("error", (error: Error) => trouble = error.message);
    xmpp.iqCallee.set(ns.jingle, "jingle", () => true);
    try {
      await goOnline(xmpp);
    } catch (error) {
      await xmpp.stop().catch(() => {});
      const reason = trouble || (error instanceof Error ? error.message : String(error));
      const message = `cannot log in to Prosody at ${service}: ${reason}`;
      const refused = error instanceof Error && "condition" in error && error.condition === notNow;
      throw refused ? new NotNow(message) : new ConnectionLost(message);
    }
    const self = new TalkyClient(config, xmpp);
    await xmpp.send(xml("presence"));
    return self;
  }

  /** Its id, which is its name in rooms too. */
  get id(): string {
    return this.config.id;
  }

  /**
   * Sends, and resolves with the stanza that confirms it. Sends again while Prosody has no room; rejects when
   * the answer is another error.
   */
  confirmed(stanza: Element, confirms: (answer: Element) => boolean): Promise<Element> {
    stanza.attrs.id ??= crypto.randomUUID();
    return persist(() => this.#confirmedOnce(stanza, confirms));
  }

  async #confirmedOnce(stanza: Element, confirms: (answer: Element) => boolean): Promise<Element> {
    const answer = this.hears(`an answer to ${stanza}`, (heard) => {
      const failed = heard.attrs.type === "error" && heard.attrs.id === stanza.attrs.id;
      return failed || confirms(heard);
    });
    this.#xmpp.send(stanza).catch(() => this.#lose());
    const heard = await answer;
    if (heard.attrs.type !== "error") return heard;
    const error = heard.getChild("error");
    const message = `Prosody refused ${stanza}: ${error}`;
    throw error?.getChild(notNow) ? new NotNow(message) : new Refusal(message);
  }

  /** Sends a request, and resolves with its answer. */
  request(iq: Element): Promise<Element> {
    return this.confirmed(
      iq,
      (heard) => heard.is("iq") && heard.attrs.id === iq.attrs.id && heard.attrs.type === "result",
    );
  }

  /** Resolves with the next stanza that is it. `what` names it where it does not come. */
  hears(what: string, isIt: (stanza: Element) => boolean): Promise<Element> {
    if (this.#lost) return Promise.reject(this.#lost);
    const { promise, resolve, reject } = Promise.withResolvers<Element>();
    const late = setTimeout(() => {
      this.#waiting.delete(waiting);
      reject(new Failure(`${this.id} did not get ${what} within ${patience / 1000} s`));
    }, patience);
    const waiting: Waiting = {
      isIt,
      settle: (outcome) => {
        clearTimeout(late);
        this.#waiting.delete(waiting);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      },
    };
    this.#waiting.add(waiting);
    return promise;
  }

  /** Closes the XMPP stream, then the connection. */
  async logOut(): Promise<void> {
    if (this.#ending) return;
    this.#end();
    await this.#xmpp.stop();
  }

  /** Tears the connection down without a word of XMPP; resolves when Prosody has seen it. */
  async vanish(): Promise<void> {
    const { socket } = this.#xmpp;
    if (!socket) this.#lose();
    if (this.#lost) throw this.#lost;
    this.#end();
    const gone = new Promise((resolve) => this.#xmpp.on("disconnect", resolve));
    socket.end();
    await gone;
  }

  #end(): void {
    this.#ending = true;
    clearInterval(this.#pinging);
  }

  #hear(stanza: Element): void {
    for (const waiting of [...this.#waiting]) if (waiting.isIt(stanza)) waiting.settle(stanza);
  }

  #lose(): void {
    if (this.#ending) return;
    this.#end();
    this.#lost = new ConnectionLost(`the connection to Prosody at ${this.config.signalingUrl} broke`);
    for (const waiting of [...this.#waiting]) waiting.settle(this.#lost);
  }
}

// ---

/** The condition (RFC 6120 §8.3.3.18) under which Prosody lets nothing begin: its outbox is full. */
const notNow = "resource-constraint";

class NotNow extends Refusal {}

/** Tries again while Prosody has no room. */
async function persist<T>(attempt: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + longestFull;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NotNow) || Date.now() > until) throw error;
      await delay(200 + 300 * Math.random());
    }
  }
}

interface Waiting {
  readonly isIt: (stanza: Element) => boolean;
  settle(outcome: Element | Error): void;
}

/** How long Prosody may have no room, in milliseconds. */
const longestFull = 60_000;

/** How long a confirmation may take, in milliseconds. */
const patience = 20_000;

/** The SDK's rhythm, in milliseconds; Prosody drops clients that are silent for longer. */
const pingEvery = 90_000;

function ping(): Element {
  return xml("iq", { type: "get", id: crypto.randomUUID() }, xml("ping", "urn:xmpp:ping"));
}
