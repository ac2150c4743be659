/**
 * Cursors of the history: an event's id, and the log that it is of where the client says so (ADR 0020).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import type { Sql } from "../db/connect.ts";
import { readGeneration } from "../db/log.ts";
import { Id } from "../events/event.ts";
import { ProblemError } from "./problem.ts";

/** An event's id in a query: `ID`, or `ID@GENERATION` as the stream takes it as well. */
export function eventCursor(description: string) {
  const error = "takes a whole number from 0, or ID@GENERATION";
  return z.string({ error }).regex(/^\d{1,15}(@|$)/, { error })
    .transform((text) => {
      const [id, generation] = text.split("@", 2);
      return { id: Number(id), ...generation !== undefined && { generation } };
    })
    .pipe(z.object({ id: z.int(), generation: z.exactOptional(Id) }))
    .optional().openapi({ type: "integer", minimum: 0, description });
}

/** The log that a query's cursors are of. */
export const Generation = Id.optional().openapi({
  description:
    "The log that `after` and `before` are of, as a page before said; of another one they are refused",
});

/** A cursor, as it was read. */
export type EventCursor = z.output<ReturnType<typeof eventCursor>>;

/** Throws a problem where a cursor is not of the log that there is. Asks only where one says of which it is. */
export async function refuseOtherLog(sql: Sql, ...named: readonly (string | undefined)[]): Promise<void> {
  const given = named.filter((generation) => generation !== undefined);
  if (given.length === 0) return;
  const generation = await readGeneration(sql);
  if (given.some((other) => other !== generation)) {
    throw new ProblemError("other_log", `the log was restored: it is generation ${generation} now`);
  }
}
