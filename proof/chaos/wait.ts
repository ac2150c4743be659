/**
 * Waiting for what has to happen.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../runtime/failure.ts";

/**
 * Waits until `condition` holds, and returns how long that took, in milliseconds. Fails when it does not
 * come to hold within `patience` milliseconds.
 */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean>,
  patience = 90_000,
): Promise<number> {
  const since = Date.now();
  while (!await condition()) {
    if (Date.now() - since > patience) throw new Failure(`waited ${patience / 1000} s in vain for ${what}`);
    await delay(50);
  }
  return Date.now() - since;
}
