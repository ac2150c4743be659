/**
 * What every part of the Worker needs, made once an isolate.
 *
 * @module
 */
import { deriveKeys, type Keys } from "../../auth/keys.ts";
import { readSettings, type Settings } from "../../config.ts";
import { configureLogging } from "../logging.ts";
import type { Bindings } from "./runtime.ts";

export interface Shared {
  readonly settings: Settings;
  readonly keys: Keys;
}

let shared: Shared | undefined;

/** Settings and keys. Rejects when a setting is wrong. */
export async function readShared(bindings: Bindings): Promise<Shared> {
  return shared ??= await read(bindings);
}

/** The database as a request reaches it. */
export function requestDatabaseUrl({ HYPERDRIVE }: Bindings, { settings }: Shared): string {
  return HYPERDRIVE?.connectionString ?? settings.databaseUrl!;
}

// ---

/** A Worker is never a development machine: what production needs has to be set. */
async function read(bindings: Bindings): Promise<Shared> {
  const texts = Object.entries(bindings).filter(([, value]) => typeof value === "string");
  const settings = readSettings({
    TALKY_ENV: "production",
    DATABASE_URL: bindings.HYPERDRIVE?.connectionString,
    ...Object.fromEntries(texts),
  });
  await configureLogging(settings);
  return { settings, keys: await deriveKeys(settings.secrets) };
}
