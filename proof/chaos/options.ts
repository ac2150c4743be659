/**
 * The options of `deno task chaos`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { ArgumentError } from "../simulate/options.ts";
import type { ChaosOptions } from "./chaos.ts";

/** Reads the command line. Throws {@link ArgumentError}. */
export function readArguments(args: readonly string[]): ChaosOptions {
  const { minutes = "2", rooms = "8", people = "4", readers = "8", ...rest } = parse(args);
  const { seed = crypto.randomUUID().slice(0, 8) } = rest;
  if (!/^[A-Za-z0-9_-]{1,24}$/.test(seed)) throw wrong("seed", seed, "1 to 24 letters, digits, - and _");
  return {
    minutes: number("minutes", minutes, /^\d+(\.\d+)?$/, 0.1, 1440),
    rooms: number("rooms", rooms, /^\d+$/, 1, 200),
    people: number("people", people, /^\d+$/, 1, 50),
    readers: number("readers", readers, /^\d+$/, 0, 200),
    seed,
  };
}

// ---

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    const options = { minutes: text, seed: text, rooms: text, people: text, readers: text };
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const reason = (error as Error).message.split(/\.\s/)[0];
    throw new ArgumentError(`${reason} (takes --minutes N --seed S --rooms N --people N --readers N)`);
  }
}

function number(name: string, text: string, form: RegExp, least: number, most: number): number {
  const value = form.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw wrong(name, text, `a number from ${least} to ${most}`);
}

function wrong(name: string, got: string, takes: string): ArgumentError {
  return new ArgumentError(`--${name} is wrong: got ${JSON.stringify(got)}; it takes ${takes}`);
}
