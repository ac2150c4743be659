/**
 * The environment that tests run in.
 *
 * @module
 */
import { settingNames } from "../config.ts";

/** The process's environment without settings: those of the developer are not those of the tests. */
export function testEnvironment(): Record<string, string> {
  const names = new Set<string>(settingNames);
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !names.has(name)));
}
