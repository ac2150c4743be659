/**
 * Honest people, who talk in rooms, and honest readers, who are to hear of all of it. Measures how long each waits.
 *
 * @module
 */
import { xml } from "@xmpp/client";
import { setTimeout as delay } from "node:timers/promises";
import type { TestProsody } from "../../harness/prosody.ts";
import type { TestService } from "../../harness/service.ts";
import { until } from "../../harness/wait.ts";
import { hosts, logIn, namespaces as ns, type Session } from "../../prosody/xmpp.ts";
import { openWebSocket, type WebSocketReader } from "../../stream/web_client.ts";

/** Milliseconds that honest people waited, by what for. */
export type Waits = Record<"echo" | "login" | "event", number[]>;

/** What counts here of an event. */
interface Heard {
  readonly type: string;
  readonly actor_id?: string | null;
}

const roomOf = (index: number) => `lesson-${index % 4}@${hosts.rooms}`;

/** A new session, as the SDK makes one, in a room. */
async function come(service: TestService, prosody: TestProsody, room: string): Promise<Session> {
  const response = await fetch(`${service.url}/config/guest`, { method: "POST", body: "{}" });
  if (!response.ok) {
    throw new Error(`an honest guest is refused: ${response.status} ${await response.text()}`);
  }
  const { id, userId, credential } = await response.json();
  const [username, domain] = userId.split("@");
  const session = await logIn(prosody, { domain, username, password: credential, id });
  const isIn = (stanza: Session["received"][number]) =>
    stanza.is("presence") && stanza.attrs.from === `${room}/${id}`;
  await session.client.send(xml("presence", { to: `${room}/${id}` }, xml("x", ns.muc)));
  await until("the room lets in", () => session.received.some(isIn), { interval: 5, timeout: 30_000 });
  return session;
}

/** People in four rooms and readers of the stream, for as long as they are asked to be. */
export class Honest implements AsyncDisposable {
  readonly #service: TestService;
  readonly #prosody: TestProsody;
  readonly #people: Session[] = [];
  readonly #readers: WebSocketReader[] = [];
  /** When each message was sent, in the order in which its sender's came. */
  readonly #sent = new Map<string, number[]>();
  /** By reader and sender: how many it has heard of. */
  readonly #heard: Map<string, number>[] = [];
  #waits: Waits = { echo: [], login: [], event: [] };

  private constructor(service: TestService, prosody: TestProsody) {
    this.#service = service;
    this.#prosody = prosody;
  }

  static async gather(service: TestService, prosody: TestProsody, people: number, readers: number) {
    const honest = new Honest(service, prosody);
    for (let n = 0; n < readers; n++) honest.#read();
    for (let n = 0; n < people; n++) {
      const session = await come(service, prosody, roomOf(n));
      honest.#sent.set(session.id, []);
      honest.#people.push(session);
      honest.#listen(session);
    }
    return honest;
  }

  /** Has them talk, five messages a second each, and others come and go. Returns how long they waited. */
  async talk(seconds: number): Promise<Waits> {
    this.#waits = { echo: [], login: [], event: [] };
    const end = Date.now() + seconds * 1000;
    const speaking = this.#people.map(async (person, index) => {
      await delay(Math.random() * 200);
      while (Date.now() < end) {
        const sent = this.#sent.get(person.id)!;
        const id = String(sent.push(performance.now()) - 1);
        await person.client.send(
          xml("message", { to: roomOf(index), type: "groupchat", id }, xml("body", {}, "hello")),
        );
        await delay(200);
      }
    });
    const coming = (async () => {
      while (Date.now() < end) {
        const began = performance.now();
        const session = await come(this.#service, this.#prosody, roomOf(0));
        this.#waits.login.push(performance.now() - began);
        await session.close();
        await delay(300);
      }
    })();
    await Promise.all([...speaking, coming]);
    await this.settled();
    return this.#waits;
  }

  /** How many messages there are. */
  get said(): number {
    return [...this.#sent.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Resolves when every reader has heard of every message, once. */
  async settled(): Promise<void> {
    await until(
      "every reader has heard of everything",
      () =>
        this.#heard.every((heard) =>
          [...this.#sent].every(([id, { length }]) => (heard.get(id) ?? 0) === length)
        ),
      { timeout: 60_000 },
    );
  }

  async [Symbol.asyncDispose]() {
    for (const reader of this.#readers) reader.socket.close();
    await Promise.all(this.#people.map((person) => person.close().catch(() => {})));
  }

  #listen(session: Session): void {
    session.client.on("stanza", (stanza: Session["received"][number]) => {
      session.received.length = 0;
      const [, from] = String(stanza.attrs.from).split("/");
      if (from !== session.id || stanza.attrs.type !== "groupchat") return;
      const sent = this.#sent.get(session.id)?.[Number(stanza.attrs.id)];
      if (sent !== undefined) this.#waits.echo.push(performance.now() - sent);
    });
  }

  #read(): void {
    const reader = openWebSocket(this.#service.url, `access_token=${this.#service.token}&after=0`);
    const heard = new Map<string, number>();
    this.#readers.push(reader);
    this.#heard.push(heard);
    reader.socket.addEventListener("message", () => {
      const frame = reader.frames.pop();
      if (frame?.type !== "events") return;
      for (const { type, actor_id: actor } of frame.events as readonly Heard[]) {
        const sent = type === "message_sent" && actor && this.#sent.get(actor);
        if (!sent) continue;
        const nth = heard.get(actor) ?? 0;
        heard.set(actor, nth + 1);
        const at = sent[nth];
        if (at !== undefined) this.#waits.event.push(performance.now() - at);
      }
    });
  }
}
