/**
 * A database client for each request: a connection cannot be used by another request than the one that has
 * opened it.
 *
 * @module
 */
import type { ExecutionContext } from "hono";
import { connect, type Sql } from "../../db/connect.ts";

const clients = new WeakMap<ExecutionContext, Sql>();

/** The client of a request, opened when it is first asked for. A statement may take `timeout` seconds. */
export function requestDatabase(context: ExecutionContext, url: string, timeout: number): Sql {
  const sql = clients.get(context) ?? connect(url, { max: 1, name: "talky-worker", timeout, brief: true });
  clients.set(context, sql);
  return sql;
}

/** The same answer; when its body has been sent, or given up, the request's client is closed. */
export function releasing(response: Response, context: ExecutionContext): Response {
  const sql = clients.get(context);
  if (!sql) return response;
  const release = () => sql.end({ timeout: 5 });
  if (!response.body) {
    context.waitUntil(release());
    return response;
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  context.waitUntil(response.body.pipeTo(writable).catch(() => {}).finally(release));
  return new Response(readable, response);
}
