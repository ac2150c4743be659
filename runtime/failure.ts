/**
 * How a task says what went wrong: one line that a person can act on, no stack.
 *
 * @module
 */
import { SettingsError } from "../config.ts";

/** Something the person who started the task can put right. The message says how. */
export class Failure extends Error {
  override name = "Failure";
}

/**
 * Runs a task's body. A {@link Failure} ends it with one line and exit code 1, wrong settings with a line
 * each and exit code 2; anything else is a defect and keeps its stack.
 */
export async function runTask(body: () => Promise<void> | void): Promise<void> {
  try {
    await body();
  } catch (error) {
    Deno.exit(report(error));
  }
}

/** Prints a {@link Failure} or wrong settings to stderr and returns the exit code; throws anything else. */
export function report(error: unknown): number {
  if (error instanceof SettingsError) {
    for (const problem of error.problems) console.error(`talky: ${problem}`);
    return 2;
  }
  if (error instanceof Failure) {
    console.error(`talky: ${error.message}`);
    return 1;
  }
  throw error;
}
