/**
 * The attackers, in a process of their own that yields to all others: in life they are other machines, whose work
 * takes nothing of ours but what they make us do. Says "ready", reads its orders, and writes what it did.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { Attacker, type Target } from "./attacker.ts";
import { attacks } from "./attacks.ts";

/** What they are told: whom to attack, from how many addresses, for how long. */
export interface Orders {
  readonly target: Target;
  readonly addresses: number;
  readonly seconds: number;
}

/** What they say in the end: how often each attack was done, and what came of it. */
export type Spoils = Record<string, Record<string, number>>;

/** Between two attacks of one attacker: a thousand a second in all, of what the machine can do. */
const pause = 50;

async function attackAll({ target, addresses, seconds }: Orders): Promise<Spoils> {
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
  return spoils;
}

if (import.meta.main) {
  console.log(JSON.stringify("ready"));
  const orders: Orders = await new Response(Deno.stdin.readable).json();
  console.log(JSON.stringify(await attackAll(orders)));
  Deno.exit();
}
