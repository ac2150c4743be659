/**
 * The attackers, in a thread of their own: what honest people feel is measured in another.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { Attacker, type Target } from "./attacker.ts";
import { attacks } from "./attacks.ts";

/** What the worker is told: whom to attack, from how many addresses, for how long. */
export interface Orders {
  readonly target: Target;
  readonly addresses: number;
  readonly seconds: number;
}

/** What it says in the end: how often each attack was done, and what came of it. */
export type Spoils = Record<string, Record<string, number>>;

// The worker's own scope has what the page's types do not know.
const scope = self as unknown as {
  onmessage: (event: MessageEvent<Orders>) => void;
  postMessage(message: Spoils | "ready"): void;
};

/** Between two attacks of one attacker: a thousand a second in all, of what the machine can do. */
const pause = 50;

scope.onmessage = async ({ data: { target, addresses, seconds } }) => {
  const until = Date.now() + seconds * 1000;
  const spoils: Spoils = {};
  const list = Object.entries(attacks);
  await Promise.all(Array.from({ length: addresses }, async (_, index) => {
    const [name, attack] = list[index % list.length]!;
    using attacker = new Attacker(target, `127.0.0.${10 + index}`);
    while (Date.now() < until) {
      // What takes its time is no reason to wait for it for ever.
      await Promise.race([attack(attacker).catch(() => attacker.count("failed")), delay(5000)]);
      await delay(pause);
    }
    const sum = spoils[name] ??= {};
    for (const [answer, times] of Object.entries(attacker.answers)) sum[answer] = (sum[answer] ?? 0) + times;
  }));
  scope.postMessage(spoils);
};
scope.postMessage("ready");
