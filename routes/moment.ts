/**
 * A moment in a query: by time (`at`) or by the log (`upto`), now where neither is there.
 *
 * @module
 */
import { Moment } from "./lists.ts";
import { ProblemError } from "./problem.ts";
import { wholeNumber } from "./query.ts";

/** The parameters of a query for a moment. */
export const momentParameters = {
  at: Moment.openapi({ description: "RFC 3339, inclusive; now where both are absent" }),
  upto: wholeNumber("Instead of `at`: the moment of this event, and nothing of what the log has after it")
    .optional(),
};

/** The moment of a query: one of the two. Throws a problem where both are there. */
export function readMoment(
  { at, upto }: { readonly at?: string | undefined; readonly upto?: number | undefined },
): { readonly at?: string; readonly upto?: number } {
  if (at !== undefined && upto !== undefined) {
    throw new ProblemError("invalid_request", "query.upto: takes the place of at; send one of them");
  }
  return upto === undefined ? { at: at ?? new Date().toISOString() } : { upto };
}
