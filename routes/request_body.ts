/**
 * What a request may send, and how it is read.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
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

/**
 * Bodies arrive as `text/plain`, so that browsers need no preflight; they are JSON all the same. An empty
 * one says nothing, as `{}` does.
 */
export async function acceptTextAsJson(c: Context, next: () => Promise<void>): Promise<void> {
  const headers = new Headers(c.req.raw.headers);
  headers.set("content-type", "application/json");
  const text = await c.req.raw.text();
  // By what JSON calls white space: of more, `trim` would make good JSON of bad.
  const body = /^[ \t\r\n]*$/.test(text) ? "{}" : text;
  c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body });
  await next();
}
