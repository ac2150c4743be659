/**
 * The clients of one room, by person: what each can do there, and how it is seen to be done.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Element } from "@xmpp/xml";
import type { Person } from "./action.ts";
import * as stanzas from "./stanzas.ts";
import type { TalkyApi } from "./talky_api.ts";
import { Refusal, TalkyClient } from "./talky_client.ts";
import { useragents } from "./useragents.ts";

/** Logs people in and out, and keeps what the room is called. Every promise resolves with the confirmation. */
export class RoomClients {
  /** Every session that was logged in. */
  readonly sessions: string[] = [];
  readonly #api: TalkyApi;
  readonly #name: string;
  readonly #online = new Set<TalkyClient>();
  readonly #clients = new Map<Person, TalkyClient>();
  /** The newest session of each person in the room; outlives its client, for the events of its leaving. */
  readonly #ids = new Map<Person, string>();
  #jid = "";
  #life: string | undefined;

  constructor(api: TalkyApi, name: string) {
    this.#api = api;
    this.#name = name;
  }

  /** The room's JID, empty before somebody has asked for it. */
  get jid(): string {
    return this.#jid;
  }

  /** The id of this life of the room, which the first welcome says. */
  get life(): string | undefined {
    return this.#life;
  }

  /** How many are logged in. */
  get count(): number {
    return this.#online.size;
  }

  /** The session under which somebody was last in the room. */
  id(who: Person): string | undefined {
    return this.#ids.get(who);
  }

  /** Enters the room, logging in first if need be, and takes part in the call. */
  async enter(who: Person, password: string | undefined): Promise<void> {
    const client = this.#clients.get(who) ?? await this.#logIn(who);
    this.#clients.set(who, client);
    this.#ids.set(who, client.id);
    this.#jid = await this.#api.roomAddress(client.config, this.#name);
    const welcome = await client.confirmed(
      stanzas.join(this.#address(who), password),
      (heard) => this.#isOwnPresence(who, heard) && heard.attrs.type === undefined,
    );
    this.#life ??= welcome.getChild("user", stanzas.ns.core)?.attrs.rid;
    await client.confirmed(
      stanzas.joinCall(this.#jid),
      (heard) => this.#isOwnPresence(who, heard) && heard.getChild("conf", stanzas.ns.mmuc) !== undefined,
    );
  }

  /** Sends a request to Prosody or the room. */
  async request(who: Person, iq: Element): Promise<void> {
    await this.#client(who).request(iq);
  }

  /** Sends a message to everybody. */
  async groupchat(who: Person, message: Element): Promise<void> {
    const id = message.attrs.id = crypto.randomUUID();
    await this.#client(who).confirmed(
      message,
      (heard) => heard.is("message") && heard.attrs.from === this.#address(who) && heard.attrs.id === id,
    );
  }

  /** Sends a Jingle request to a peer, who acknowledges it. */
  async jingle(from: Person, to: Person, action: string, sid: string, ...content: Element[]): Promise<void> {
    await this.request(from, stanzas.jingle(this.#address(to), action, sid, ...content));
  }

  /** Leaves by saying so. */
  async sayGoodbye(who: Person): Promise<void> {
    await this.#client(who).confirmed(
      stanzas.leave(this.#address(who)),
      (heard) => this.#isOwnPresence(who, heard) && heard.attrs.type === "unavailable",
    );
  }

  /** Is thrown out by the owner. */
  async ban(owner: Person, who: Person): Promise<void> {
    const client = this.#client(who);
    await Promise.all([
      client.hears("the ban", (heard) => this.#isOwnPresence(who, heard)),
      this.request(owner, stanzas.ban(this.jid, client.id)),
    ]);
  }

  /** Ends the XMPP session. `witness` is somebody who stays, if anybody does. */
  async logOut(who: Person, witness?: Person): Promise<void> {
    const client = this.#clients.get(who);
    if (!client) return;
    await Promise.all([this.#seenLeaving(who, witness), client.logOut()]);
    this.#clients.delete(who);
    this.#online.delete(client);
  }

  /** Cuts the connection. `witness` is somebody who stays, if anybody does. */
  async vanish(who: Person, witness?: Person): Promise<void> {
    const client = this.#client(who);
    // Prosody deals with a cut connection in its own time. Where nobody can see that, somebody comes to look.
    const passerby = witness === undefined ? await this.#logIn(who) : undefined;
    await Promise.all([this.#seenLeaving(who, witness), client.vanish()]);
    this.#clients.delete(who);
    this.#online.delete(client);
    if (!passerby) return;
    while (await this.#exists(passerby)) await delay(5);
    await passerby.logOut();
    this.#online.delete(passerby);
  }

  /** Logs out everybody who is still there, whatever state they are in. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#online].map((client) => client.logOut()));
  }

  async #logIn(who: Person): Promise<TalkyClient> {
    const useragent = useragents[who % useragents.length] ?? "";
    const client = await TalkyClient.logIn(await this.#api.guest(useragent));
    this.#online.add(client);
    this.sessions.push(client.id);
    return client;
  }

  async #exists(passerby: TalkyClient): Promise<boolean> {
    try {
      await passerby.request(stanzas.lookAt(this.jid));
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }

  async #seenLeaving(who: Person, witness: Person | undefined): Promise<void> {
    if (witness === undefined) return;
    const address = this.#address(who);
    await this.#client(witness).hears(
      `the leaving of ${address}`,
      (heard) => heard.is("presence") && heard.attrs.from === address && heard.attrs.type === "unavailable",
    );
  }

  #client(who: Person): TalkyClient {
    const client = this.#clients.get(who);
    if (!client) throw new Error(`person ${who} is not logged in`);
    return client;
  }

  #address(who: Person): string {
    return `${this.jid}/${this.#ids.get(who)}`;
  }

  #isOwnPresence(who: Person, heard: Element): boolean {
    return heard.is("presence") && heard.attrs.from === this.#address(who) &&
      stanzas.statusCodes(heard).includes("110");
  }
}
