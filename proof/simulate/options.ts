/**
 * The options of `deno task simulate`.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** What to simulate, and where. */
export interface Options {
  /** Rooms side by side. */
  readonly rooms: number;
  /** People in each room. */
  readonly people: number;
  /** How long rooms follow each other; 0: each lives once. */
  readonly minutes: number;
  /** Average pause between two actions of a room, in milliseconds. */
  readonly pace: number;
  /** The same seed plans the same rooms. */
  readonly seed: string;
  /** Where the API is. */
  readonly url: string;
}

/** The options, and how to print the result. */
export interface Arguments extends Options {
  /** For programs: no progress, the result in one line. */
  readonly json: boolean;
}

/** An argument is wrong; the message names it, what it got and what it takes. */
export class ArgumentError extends Error {
  override name = "ArgumentError";
}

/** How people who live on work: without hurry. In milliseconds. */
const leisurelyPace = 250;

/** Reads the command line. `defaultUrl` is where the API is by the settings. Throws {@link ArgumentError}. */
export function readArguments(args: readonly string[], defaultUrl: string): Arguments {
  const given = parse(args);
  const minutes = number("minutes", given.minutes ?? "0", 0, 100_000);
  return {
    rooms: count("rooms", given.rooms ?? "3", 1, 1000),
    people: count("people", given.people ?? "3", 1, 100),
    minutes,
    pace: number("pace", given.pace ?? (minutes > 0 ? String(leisurelyPace) : "0"), 0, 60_000),
    seed: seed(given.seed),
    url: url(given.url ?? defaultUrl),
    json: given.json ?? false,
  };
}

// ---

const usage = "takes --rooms N --people N --minutes N --pace MS --seed S --url URL --json";

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = { rooms: text, people: text, minutes: text, pace: text, seed: text, url: text };
  try {
    return parseArgs({ args: [...args], options: { ...options, json: { type: "boolean" } } }).values;
  } catch (error) {
    throw new ArgumentError(`${(error as Error).message.split(/\.\s/)[0]} (${usage})`);
  }
}

function number(name: string, text: string, least: number, most: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw wrong(name, text, `a number from ${least} to ${most}`);
}

function count(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw wrong(name, text, `a whole number from ${least} to ${most}`);
}

/** Part of the rooms' names. */
function seed(text: string = crypto.randomUUID().slice(0, 8)): string {
  if (/^[A-Za-z0-9_-]{1,40}$/.test(text)) return text;
  throw wrong("seed", text, "1 to 40 letters, digits, - and _");
}

function url(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw wrong("url", text, "a URL that starts with http:// or https://");
}

function wrong(name: string, got: string, takes: string): ArgumentError {
  return new ArgumentError(`--${name} is wrong: got ${JSON.stringify(got)}; it takes ${takes}`);
}
