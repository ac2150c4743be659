/**
 * Query parameters: what all routes share in reading them. A parameter that a route does not know is refused,
 * for one that is ignored (`types` instead of `type`) would hand out what was not asked for.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { unknownParameter } from "../stream/parameters.ts";
import { ProblemError } from "./problem.ts";

/** Refuses a query with parameters that are not among the known ones. */
export function refuseUnknown(known: readonly string[]): MiddlewareHandler {
  const names = new Set(known);
  return async (c, next) => {
    const errors = Object.keys(c.req.queries()).filter((name) => !names.has(name))
      .map((name) => ({ path: `query.${name}`, message: unknownParameter(name, known) }));
    if (errors.length > 0) {
      throw new ProblemError("invalid_request", errors.map(({ message }) => message).join("; "), { errors });
    }
    await next();
  };
}

/** A whole number in a query, in decimal digits. `Number("")`, `1e3` and `0x10` are none. */
export function wholeNumber(description: string, { minimum = 0, maximum }: Bounds = {}) {
  const error = maximum === undefined
    ? `takes a whole number from ${minimum}`
    : `takes a whole number from ${minimum} to ${maximum}`;
  return z.string({ error }).regex(/^\d{1,15}$/, { error }).transform(Number)
    .refine((value) => value >= minimum && value <= (maximum ?? Infinity), { error })
    .openapi({ type: "integer", minimum, ...maximum !== undefined && { maximum }, description });
}

/** Several values of one parameter: repeated (`type=a&type=b`) or with commas (`type=a,b`). */
export function several<Item extends z.ZodType<unknown, string>>(item: Item, description: string) {
  return z.union([z.string(), z.array(z.string())])
    .transform((value) => [value].flat().flatMap((part) => part.split(",")))
    .pipe(z.array(item)).optional()
    .openapi({ type: "array", items: { type: "string" }, description });
}

// ---

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}
