/**
 * The settings of a task: the process's environment over the file `.env` of the working directory.
 *
 * @module
 */
import { parseEnv } from "node:util";
import { readSettings, type Settings } from "../../config.ts";
import { report } from "../failure.ts";

/** The environment with `.env` under it: what the process was given wins. */
export function loadEnvironment(): Record<string, string | undefined> {
  return { ...readDotEnv(), ...Deno.env.toObject() };
}

/** The checked settings. Wrong ones are printed to stderr, a line each, and end the process with code 2. */
export function loadSettings(): Settings {
  try {
    return readSettings(loadEnvironment());
  } catch (error) {
    Deno.exit(report(error));
  }
}

// ---

function readDotEnv(): Record<string, string | undefined> {
  try {
    return parseEnv(Deno.readTextFileSync(".env"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}
