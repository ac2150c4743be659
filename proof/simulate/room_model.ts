/**
 * A room as the contract describes it: which events each deed must cause, and in which order. This is the
 * simulation's ground truth, so it is written from the contract, not from the code that it is to check.
 *
 * @module
 */
import type { EventType } from "../../events/event.ts";
import type { Action, Medium, Person, Way } from "./action.ts";

/** An event that must come. */
export interface Effect {
  readonly type: Exclude<EventType, "p2p_session_stats">;
  /** Nobody ends a room: it ends when it is empty. */
  readonly actor?: Person;
  readonly peer?: Person;
  /** What `data` must hold, if not more. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** A Jingle session under way. */
export interface Call {
  readonly sid: string;
  readonly from: Person;
  readonly to: Person;
  readonly answered: boolean;
  /** The screen that it carries, in place of camera and microphone. */
  readonly screen: string | undefined;
}

/** One life of a room. {@link RoomModel.apply} says what an action causes, and takes it as done. */
export class RoomModel {
  #present = new Set<Person>();
  #typing = new Set<Person>();
  #paused = new Map<Person, Set<Medium>>();
  #calls = new Map<string, Call>();
  #created = false;
  #password: string | undefined;

  /** `name` is what the room's JID stands for. */
  constructor(readonly name: string) {}

  /** Who is in the room, in the order of arrival. */
  get present(): readonly Person[] {
    return [...this.#present];
  }

  /** What one needs to get in. */
  get password(): string | undefined {
    return this.#password;
  }

  /** The calls that somebody takes part in, oldest first. */
  callsOf(who: Person): readonly Call[] {
    return [...this.#calls.values()].filter((call) => call.from === who || call.to === who);
  }

  /** The call of this id. */
  call(sid: string): Call {
    const call = this.#calls.get(sid);
    if (!call) throw new Error(`there is no call ${sid}`);
    return call;
  }

  /** The media that somebody has paused. */
  paused(who: Person): readonly Medium[] {
    return [...this.#paused.get(who) ?? []];
  }

  /** The events that an action causes, in their order. From now on it has happened. */
  apply(action: Action): Effect[] {
    switch (action.do) {
      case "join":
        return this.#join(action.who, action.password);
      case "lock":
        return this.#lock(action.who, action.password);
      case "say":
        return action.text === undefined
          ? []
          : [{ type: "message_sent", actor: action.who, data: { length: [...action.text].length } }];
      case "type":
        return this.#type(action.who, action.event !== "cancel");
      case "call": {
        const { who: from, peer: to, sid, answered, screen } = action;
        return this.#call({ sid, from, to, answered, screen });
      }
      case "hangup":
        return this.#end(this.call(action.sid), action.who, action.reason);
      case "pause":
      case "resume":
        return this.#pause(action.who, action.medium, action.do === "pause");
      case "go":
        return this.#go(action.who, action.way);
    }
  }

  #join(who: Person, password: string | undefined): Effect[] {
    const first = !this.#created;
    this.#created = true;
    this.#present.add(who);
    return [
      ...first ? [{ type: "room_created", actor: who, data: { name: this.name } } as const] : [],
      {
        type: "occupant_joined",
        actor: who,
        data: who === 0
          ? { role: "moderator", affiliation: "owner" }
          : { role: "participant", affiliation: "none" },
      },
      ...first && password !== undefined ? this.#lock(who, password) : [],
    ];
  }

  #lock(who: Person, password: string | undefined): Effect[] {
    const changed = (this.#password === undefined) !== (password === undefined);
    this.#password = password;
    if (!changed) return [];
    return [{ type: password === undefined ? "room_unlocked" : "room_locked", actor: who, data: {} }];
  }

  #type(who: Person, typing: boolean): Effect[] {
    if (this.#typing.has(who) === typing) return [];
    if (typing) this.#typing.add(who);
    else this.#typing.delete(who);
    return [{ type: typing ? "rtt_enabled" : "rtt_disabled", actor: who, data: {} }];
  }

  #call(call: Call): Effect[] {
    const { sid, from, to, answered, screen } = call;
    const begins = screen !== undefined && !this.#isShared(from, screen);
    this.#calls.set(sid, call);
    const content = screen === undefined ? { media: ["audio", "video"] } : { media: ["video"], screen };
    return [
      ...begins ? [{ type: "screencapture_started", actor: from, data: { screen } } as const] : [],
      ...answered
        ? [{ type: "p2p_session_started", actor: from, peer: to, data: { sid, ...content } } as const]
        : [],
    ];
  }

  /** Ends a call by the deed of `who`, and with its last call a screen. */
  #end(call: Call, who: Person, reason: string): Effect[] {
    const { sid, from, to, answered, screen } = call;
    this.#calls.delete(sid);
    const peer = who === from ? to : from;
    const dark = screen !== undefined && !this.#isShared(from, screen);
    return [
      ...answered ? [{ type: "p2p_session_ended", actor: who, peer, data: { sid, reason } } as const] : [],
      ...dark ? [{ type: "screencapture_ended", actor: from, data: { screen } } as const] : [],
    ];
  }

  #isShared(who: Person, screen: string): boolean {
    return this.callsOf(who).some((call) => call.from === who && call.screen === screen);
  }

  /** Said to each peer, it happens once; and alone there is nobody to say it to. */
  #pause(who: Person, medium: Medium, pause: boolean): Effect[] {
    const paused = this.#paused.get(who) ?? new Set();
    if (paused.has(medium) === pause || !this.callsOf(who).some(isMediaFrom(who))) return [];
    if (pause) paused.add(medium);
    else paused.delete(medium);
    this.#paused.set(who, paused);
    return [{ type: `${medium}_${pause ? "paused" : "resumed"}`, actor: who, data: {} }];
  }

  #go(who: Person, way: Way): Effect[] {
    const carriers = this.callsOf(who).filter((call) => call.from === who && call.screen !== undefined);
    const screens = new Set(carriers.map((call) => call.screen));
    for (const call of carriers) this.#calls.set(call.sid, { ...call, screen: undefined });
    const effects: Effect[] = [
      ...this.#type(who, false),
      ...[...screens].map((screen) =>
        ({ type: "screencapture_ended", actor: who, data: { screen } }) as const
      ),
      ...this.callsOf(who).flatMap((call) => this.#end(call, who, "left")),
      { type: "occupant_left", actor: who, data: { cause: causes[way] } },
    ];
    this.#paused.delete(who);
    this.#present.delete(who);
    if (this.#present.size === 0) effects.push({ type: "room_destroyed", data: {} });
    return effects;
  }
}

/** Whether a call brings somebody's camera and microphone to a peer. */
export function isMediaFrom(who: Person): (call: Call) => boolean {
  return (call) => call.from === who && call.screen === undefined;
}

// ---

const causes: Record<Way, string> = {
  leave: "left",
  drop: "left",
  logout: "disconnected",
  vanish: "disconnected",
  banned: "banned",
  destroy: "destroyed",
};
