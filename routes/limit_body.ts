/**
 * Bounds what a request may send.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ProblemError } from "./problem.ts";

/** Refuses bodies of more than `maxSize` bytes, without reading them to the end. */
export function limitBody(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new ProblemError("too_large", `a body has at most ${maxSize} bytes here`);
    },
  });
}
