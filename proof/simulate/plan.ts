/**
 * What happens in one life of a room, decided beforehand: a list of actions that is the same for the same
 * seed. Everything that can happen in a call happens in a room of three, with each of the ways to leave
 * taken in turn.
 *
 * @module
 */
import type { Action, Medium, Person, Way } from "./action.ts";
import { isMediaFrom, RoomModel } from "./room_model.ts";
import type { Random } from "./random.ts";

/** Plans a room of so many people. */
export function planRoom(random: Random, people: number): readonly Action[] {
  const script = new Script(random);
  script.arrive(0, random.chance(1 / 3) ? script.secret() : undefined);
  if (people > 1) script.arrive(1);
  const guests = Array.from({ length: Math.max(0, people - 2) }, (_, index) => index + 2);
  script.mix(guests, middle(script, random, people));
  if (people > 2 && random.chance(1 / 2)) script.comeBack();
  script.empty();
  return script.actions;
}

// ---

/** Something that happens once its turn has come, to the people who are there then. */
type Beat = () => void;

/** The beats between arriving and leaving. What is begun by one of a pair is ended by the other. */
function middle(script: Script, random: Random, people: number): Beat[] {
  const twice = (beat: Beat) => [beat, beat];
  const beats = [
    ...twice(() => script.toggleLock()),
    ...Array.from({ length: 2 + random.below(4) }, () => () => script.chat()),
    () => script.add({ do: "say", who: script.someone() }),
    ...twice(script.typing()),
  ];
  if (people < 2) return beats;
  return [
    ...beats,
    ...twice(script.pausing("audio")),
    ...twice(script.pausing("video")),
    ...twice(script.sharing()),
    () => script.callInVain(),
    () => script.reconnect(),
    ...random.chance(1 / 2) ? twice(script.sharing()) : [],
    ...random.chance(1 / 2) ? twice(script.pausing("audio")) : [],
  ];
}

/** A plan in the making. The model says who is there and what is open. */
class Script {
  readonly actions: Action[] = [];
  readonly #model = new RoomModel("");
  readonly #random: Random;
  /** Dealt in turn, so that each occurs before one comes again. */
  #ways: Way[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  add(action: Action): void {
    this.#model.apply(action);
    this.actions.push(action);
  }

  secret(): string {
    return `secret-${this.#random.hex(6)}`;
  }

  someone(): Person {
    return this.#random.pick(this.#model.present) ?? 0;
  }

  /** Comes in, and calls and is called by everybody, in each direction. */
  arrive(who: Person, password = this.#model.password): void {
    const others = this.#random.shuffle(this.#model.present);
    this.add({ do: "join", who, ...password !== undefined && { password } });
    for (const other of others) {
      this.#call(who, other);
      this.#call(other, who);
      for (const screen of this.#screensOf(other)) this.#call(other, who, screen);
    }
  }

  /** Lets the guests arrive between the beats. */
  mix(guests: readonly Person[], beats: readonly Beat[]): void {
    const arrivals = guests.map((who) => () => this.arrive(who));
    for (const beat of this.#random.shuffle([...arrivals, ...beats])) beat();
  }

  toggleLock(): void {
    const locked = this.#model.password !== undefined;
    this.add({ do: "lock", who: 0, ...!locked && { password: this.secret() } });
  }

  chat(): void {
    this.add({ do: "say", who: this.someone(), text: this.#random.pick(lines) });
  }

  /** Begins to type at the first call, is done at the second. */
  typing(): Beat {
    let who: Person | undefined;
    return () => {
      if (who === undefined) {
        who = this.someone();
        this.add({ do: "type", who, event: this.#random.pick(["init", "edit"]) });
        this.add({ do: "type", who, event: "edit" });
      } else {
        this.add({ do: "type", who, event: "cancel" });
      }
    };
  }

  pausing(medium: Medium): Beat {
    let who: Person | undefined;
    return () => {
      who ??= this.someone();
      const pause = !this.#model.paused(who).includes(medium);
      this.add({ do: pause ? "pause" : "resume", who, medium });
    };
  }

  /** Shows a screen to everybody at the first call, takes it away at the second. */
  sharing(): Beat {
    let shared: { who: Person; screen: string } | undefined;
    return () => {
      if (!shared) {
        shared = { who: this.someone(), screen: this.#random.hex(12) };
        this.#share(shared.who, shared.screen);
        return;
      }
      const { who, screen } = shared;
      for (const { sid } of this.#model.callsOf(who).filter((call) => call.screen === screen)) {
        this.add({ do: "hangup", who, sid, reason: "success" });
      }
    };
  }

  /** A call that is declined, given up, or never answered. */
  callInVain(): void {
    const [who = 0, peer = 0] = this.#random.shuffle(this.#model.present);
    const sid = this.#call(who, peer, undefined, false);
    const end = this.#random.pick(["decline", "cancel", "silence"]);
    if (end !== "silence") {
      this.add({ do: "hangup", who: end === "decline" ? peer : who, sid, reason: end });
    }
  }

  /** A call breaks and is made again. */
  reconnect(): void {
    const who = this.someone();
    const call = this.#random.pick(
      this.#model.callsOf(who).filter(isMediaFrom(who)).filter((c) => c.answered),
    );
    if (!call) return;
    this.add({ do: "hangup", who: call.to, sid: call.sid, reason: "failed-transport" });
    this.#call(who, call.to);
  }

  /** Somebody goes and joins again: with the same session, or with a new one after a reload. */
  comeBack(): void {
    const who = this.#guest();
    if (this.#random.chance(1 / 2)) this.add({ do: "go", who, way: "leave", back: true });
    else this.add({ do: "go", who, way: "vanish" });
    this.arrive(who);
  }

  /** Everybody leaves, most with something open. In half of the rooms the owner is the last. */
  empty(): void {
    const guests = this.#random.shuffle(this.#model.present.filter((who) => who !== 0));
    const place = this.#random.chance(1 / 2) ? guests.length : this.#random.below(guests.length + 1);
    for (const who of guests.toSpliced(place, 0, 0)) {
      this.#openSomething(who);
      this.add({ do: "go", who, way: this.#wayFor(who) });
    }
  }

  #guest(): Person {
    return this.#random.pick(this.#model.present.filter((who) => who !== 0)) ?? 0;
  }

  #call(who: Person, peer: Person, screen?: string, answered = true): string {
    const sid = this.#random.hex(16);
    this.add({ do: "call", who, peer, sid, answered, ...screen !== undefined && { screen } });
    return sid;
  }

  #share(who: Person, screen: string): void {
    for (const peer of this.#model.present) if (peer !== who) this.#call(who, peer, screen);
  }

  #screensOf(who: Person): Set<string> {
    const screens = this.#model.callsOf(who).map(({ from, screen }) => from === who ? screen : undefined);
    return new Set(screens.filter((screen) => screen !== undefined));
  }

  #openSomething(who: Person): void {
    const alone = this.#model.present.length < 2;
    const kind = this.#random.pick(["typing", "sharing", "pausing", "nothing"]);
    if (kind === "typing") this.add({ do: "type", who, event: "init" });
    else if (kind === "sharing" && !alone) this.#share(who, this.#random.hex(12));
    else if (kind === "pausing" && !alone) this.pausing(this.#random.pick(["audio", "video"]))();
  }

  #wayFor(who: Person): Way {
    const { present } = this.#model;
    const possible = (way: Way) =>
      way === "banned"
        ? who !== 0 && present.includes(0)
        : way === "destroy"
        ? who === 0 && present.length === 1
        : true;
    const left = this.#ways.filter(possible);
    if (left.length === 0) {
      this.#ways.push(
        ...this.#random.shuffle<Way>(["leave", "drop", "logout", "vanish", "banned", "destroy"]),
      );
      return this.#wayFor(who);
    }
    const way = left[0] ?? "leave";
    this.#ways.splice(this.#ways.indexOf(way), 1);
    return way;
  }
}

const lines = [
  "hello",
  "Can everybody hear me?",
  "héllo 👋",
  "多謝晒 🎉",
  "a < b && b > c",
  "See you tomorrow, same place.",
] as const;
