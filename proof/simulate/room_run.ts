/**
 * Carries out actions with real clients, one at a time, and writes down what each has caused. An action
 * counts when XMPP has confirmed it; Prosody handles stanzas one by one, so its events are then on record
 * and the next action's come after them.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Action, Medium, Person, Way } from "./action.ts";
import { RoomClients } from "./room_clients.ts";
import { type Effect, isMediaFrom, RoomModel } from "./room_model.ts";
import * as stanzas from "./stanzas.ts";
import type { TalkyApi } from "./talky_api.ts";
import { Refusal } from "./talky_client.ts";

/** An event that the log must hold. */
export interface ExpectedEvent {
  readonly type: Effect["type"];
  /** Session ids, as in the log. */
  readonly actor: string | null;
  readonly peer: string | null;
  /** What `data` must hold, if not more. */
  readonly data: Effect["data"];
  /** It happened between these moments, in milliseconds since 1970 by this machine's clock. */
  readonly from: number;
  readonly to: number;
}

/** What was done in one life of a room. */
export interface RoomOutcome {
  readonly jid: string;
  /** The id of this life; undefined when the room never came to be. */
  readonly id: string | undefined;
  /** Every session that was logged in for it. */
  readonly sessions: readonly string[];
  /** In the order of happening. */
  readonly events: readonly ExpectedEvent[];
}

/** One life of a room under way. */
export class RoomRun {
  readonly #model: RoomModel;
  readonly #clients: RoomClients;
  readonly #events: ExpectedEvent[] = [];

  /** `name` is in its normal form, so it is the room's whoever makes the room. */
  constructor(api: TalkyApi, name: string) {
    this.#model = new RoomModel(name);
    this.#clients = new RoomClients(api, name);
  }

  get outcome(): RoomOutcome {
    const { jid, life, sessions } = this.#clients;
    return { jid, id: life, sessions, events: this.#events };
  }

  /** How many clients are logged in. */
  get online(): number {
    return this.#clients.count;
  }

  /** Who is in the room. */
  get present(): readonly Person[] {
    return this.#model.present;
  }

  /** Does it, and resolves when it is confirmed. */
  async perform(action: Action): Promise<void> {
    const from = Date.now();
    await this.#do(action);
    const to = Date.now();
    const id = (who: Person | undefined) => who === undefined ? null : this.#clients.id(who) ?? null;
    for (const { type, actor, peer, data } of this.#model.apply(action)) {
      this.#events.push({ type, actor: id(actor), peer: id(peer), data, from, to });
    }
  }

  /** Logs out everybody who is still there. */
  async close(): Promise<void> {
    await this.#clients.close();
  }

  async #do(action: Action): Promise<void> {
    const { jid } = this.#clients;
    const { who } = action;
    switch (action.do) {
      case "join":
        return await this.#clients.enter(who, action.password);
      case "lock":
        return await this.#clients.request(who, stanzas.lock(jid, action.password ?? ""));
      case "say":
        return await this.#clients.groupchat(who, stanzas.say(jid, action.text));
      case "type":
        return await this.#clients.groupchat(who, stanzas.type(jid, action.event));
      case "call":
        return await this.#call(action);
      case "hangup":
        return await this.#hangUp(who, action.sid, action.reason);
      case "pause":
      case "resume":
        return await this.#pause(who, action.do, action.medium);
      case "go":
        await this.#go(who, action.way);
        if (!action.back) await this.#clients.logOut(who);
    }
  }

  async #call({ who, peer, sid, answered, screen }: Extract<Action, { do: "call" }>): Promise<void> {
    const contents = stanzas.contents(screen === undefined ? ["audio", "video"] : ["video"]);
    await this.#clients.jingle(who, peer, "session-initiate", sid, ...contents);
    if (screen !== undefined) {
      await this.#clients.jingle(who, peer, "description-info", sid, stanzas.screenInfo(screen));
    } else {
      // Newcomers are told what is paused; that is no news.
      for (const medium of this.#model.paused(who)) {
        await this.#clients.jingle(who, peer, "session-info", sid, stanzas.pause("pause", medium));
      }
    }
    if (answered) await this.#clients.jingle(peer, who, "session-accept", sid, ...contents);
  }

  async #hangUp(who: Person, sid: string, reason: string): Promise<void> {
    const { from, to } = this.#model.call(sid);
    const peer = who === from ? to : from;
    await this.#clients.jingle(who, peer, "session-terminate", sid, stanzas.reason(reason));
  }

  async #pause(who: Person, kind: "pause" | "resume", medium: Medium): Promise<void> {
    for (const { sid, to } of this.#model.callsOf(who).filter(isMediaFrom(who))) {
      await this.#clients.jingle(who, to, "session-info", sid, stanzas.pause(kind, medium));
    }
  }

  async #go(who: Person, way: Way): Promise<void> {
    const witness = this.present.find((other) => other !== who);
    switch (way) {
      case "leave":
        await this.#clients.sayGoodbye(who);
        await delay(100);
        return await this.#hangUpTooLate(who);
      case "drop":
        return await this.#clients.sayGoodbye(who);
      case "logout":
        return await this.#clients.logOut(who, witness);
      case "vanish":
        return await this.#clients.vanish(who, witness);
      case "banned":
        return await this.#clients.ban(0, who);
      case "destroy":
        return await this.#clients.request(who, stanzas.destroy(this.#clients.jid));
    }
  }

  /** The SDK ends its calls when it has left already: Prosody refuses, and nothing comes of it. */
  async #hangUpTooLate(who: Person): Promise<void> {
    for (const { sid } of this.#model.callsOf(who)) {
      try {
        await this.#hangUp(who, sid, "success");
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
  }
}
