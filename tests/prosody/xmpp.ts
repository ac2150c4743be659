/**
 * XMPP clients for the tests of `prosody/`: people in a call, and the API's subscription to the outbox.
 *
 * @module
 */
import { type Client, client, xml } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { signCredential, signIngestCredential } from "../../auth/credential.ts";
import { xmppHosts } from "../../config.ts";
import { SourceRecord } from "../../events/record.ts";
import type { TestProsody } from "../harness/prosody.ts";
import { until } from "../harness/wait.ts";

export const hosts = xmppHosts("talky.test");
export const namespaces = {
  core: "https://talky.io/ns/core",
  disco: "http://jabber.org/protocol/disco#info",
  jingle: "urn:xmpp:jingle:1",
  muc: "http://jabber.org/protocol/muc",
  outbox: "urn:talky:outbox:1",
  rtp: "urn:xmpp:jingle:apps:rtp:1",
  rtpInfo: "urn:xmpp:jingle:apps:rtp:info:1",
  rtt: "urn:xmpp:rtt:0",
} as const;

/** An XMPP session that remembers what it received. */
export interface Session {
  readonly id: string;
  readonly jid: string;
  readonly client: Client;
  readonly received: Element[];
  /** Sends a stanza and gives what answers it, an error as well. */
  request(stanza: Element): Promise<Element>;
  /** Says goodbye. */
  close(): Promise<void>;
  /** Goes without a word. */
  drop(): void;
  /** Stays, and says nothing any more, not even when asked. */
  freeze(): void;
  /** What it answers Jingle requests with: a result (as by default), an error, or nothing. */
  answerJingle(answer: Element | "result" | "nothing"): void;
}

let requests = 0;

/** Logs in as a client, a guest unless said otherwise. */
export async function join(
  prosody: TestProsody,
  node: string,
  id: string = crypto.randomUUID(),
  host = hosts.guests,
) {
  const password = await signCredential(prosody.keys, { sessionid: id, userid: `${node}@${host}` }, 60);
  return await logIn(prosody, { domain: host, username: node, password, id });
}

/** Logs in as the API does. */
export async function ingest(prosody: TestProsody, resource: string): Promise<Session> {
  const password = await signIngestCredential(prosody.keys, `talky-ingest@${hosts.users}`, 60);
  return await logIn(prosody, {
    domain: hosts.users,
    username: "talky-ingest",
    password,
    resource,
    id: resource,
  });
}

/** Logs in with whatever credential. Rejects when it is refused. */
export async function logIn(
  prosody: TestProsody,
  options: { domain: string; username: string; password: string; resource?: string; id: string },
): Promise<Session> {
  const { id, ...login } = options;
  const xmpp = client({ service: prosody.wsUrl, ...login });
  xmpp.reconnect.stop();
  xmpp.timeout = 5000;
  const received: Element[] = [];
  xmpp.on("error", () => {});
  xmpp.on("stanza", (stanza: Element) => void received.push(stanza));
  let jingleAnswer: Element | "result" | "nothing" = "result";
  xmpp.iqCallee.set(namespaces.jingle, "jingle", () => {
    if (jingleAnswer === "nothing") return new Promise(() => {});
    return jingleAnswer === "result" ? true : jingleAnswer;
  });
  const jid = await xmpp.start();
  return {
    id,
    jid: String(jid),
    client: xmpp,
    received,
    async request(stanza) {
      const stanzaId = stanza.attrs.id ??= `request-${++requests}`;
      await xmpp.send(stanza);
      return await until(
        `an answer to ${stanza}`,
        () => received.find((s) => s.is(stanza.name) && s.attrs.id === stanzaId),
        { interval: 2 },
      );
    },
    close: () => xmpp.stop().then(() => {}),
    drop: () => xmpp.socket.end(),
    freeze: () => void (xmpp.write = () => Promise.resolve()),
    answerJingle: (answer) => void (jingleAnswer = answer),
  };
}

/** Collects the outbox's records like the API would, acknowledging each batch unless told otherwise. */
export class Subscriber {
  readonly records: SourceRecord[] = [];
  /** `epoch seq` of each record, in the order of arrival. */
  readonly places: string[] = [];
  readonly batches: Element[] = [];
  answer: "result" | "error" | "none" = "result";

  constructor(readonly session: Session) {
    session.client.iqCallee.set(
      namespaces.outbox,
      "batch",
      ({ element }: { element: Element }) => this.take(element),
    );
  }

  subscribe(window = 4, ...positions: Element[]): Promise<Element> {
    return this.session.request(
      xml(
        "iq",
        { type: "set", to: hosts.rooms },
        xml("subscribe", { xmlns: namespaces.outbox, window: String(window) }, ...positions),
      ),
    );
  }

  /** How many records the outbox waits for an acknowledgement of. */
  async pending(): Promise<number> {
    const request = xml("iq", { type: "get", to: hosts.rooms }, xml("status", namespaces.outbox));
    const answer = await this.session.request(request);
    return Number(answer.getChild("status", namespaces.outbox)?.attrs.pending);
  }

  /** Takes a batch and gives the answer to it, as `iqCallee` wants it: true is an empty result. */
  private take(batch: Element): true | Element | Promise<never> {
    this.batches.push(batch);
    if (this.answer === "none") return new Promise(() => {});
    if (this.answer === "error") {
      return xml(
        "error",
        { type: "wait" },
        xml("resource-constraint", "urn:ietf:params:xml:ns:xmpp-stanzas"),
      );
    }
    batch.text().split("\n").forEach((line: string, index: number) => {
      this.records.push(SourceRecord.parse(JSON.parse(line)));
      this.places.push(`${batch.attrs.epoch} ${Number(batch.attrs.first) + index}`);
    });
    return true;
  }
}
