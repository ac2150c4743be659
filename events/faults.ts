/**
 * What a schema finds wrong, in words.
 *
 * @module
 */
import type { z } from "zod";

/** The faults in one line: `path: message; path: message`. `whole` is what a fault of no part of it is called. */
export function faultsText(faults: readonly z.core.$ZodIssue[], whole: string): string {
  return faults.map(({ path, message }) => `${path.join(".") || whole}: ${message}`).join("; ");
}
