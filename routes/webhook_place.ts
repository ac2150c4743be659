/**
 * Where in the log a webhook goes on.
 *
 * @module
 */
import type { Sql } from "../db/connect.ts";
import { readBounds } from "../db/log.ts";
import { type Cursor, place } from "../stream/subscription.ts";
import { ProblemError } from "./problem.ts";

/** The place that a body names. Throws a problem where the log does not reach there. */
export async function placeIn(
  sql: Sql,
  cursor: Cursor,
): Promise<{ readonly cursor: number; readonly generation: string }> {
  const bounds = await readBounds(sql);
  const at = place(cursor, bounds);
  if ("after" in at) return { cursor: at.after, generation: bounds.generation };
  const code = { 4410: "cursor_gone", 4411: "other_log" } as const;
  throw new ProblemError(code[at.code as keyof typeof code] ?? "invalid_request", at.reason);
}

/** A webhook's JSON. Throws a problem where there is none. */
export function assertFound(json: string | null, id: string): string {
  if (json === null) throw new ProblemError("webhook_not_found", `no webhook has the id ${id}`);
  return json;
}
