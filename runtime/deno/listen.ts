/**
 * Listening for HTTP, or for HTTPS where a certificate is set.
 *
 * @module
 */
import type { Settings } from "../../config.ts";
import { Failure } from "../failure.ts";
import { type Bounds, type Handler, startHttpServer } from "./http_server.ts";
import { readPems, watchPems } from "./tls.ts";

/** A server that listens. */
export interface Listener {
  readonly address: { readonly hostname: string; readonly port: number };
  /** Accepts no more; resolves when the last answer has been sent. WebSockets are closed. */
  shutdown(): Promise<void>;
}

/** Listens at `HOST` and `PORT`. Rejects with a {@link Failure} when it cannot. */
export async function listen(
  { host: hostname, port, tls }: Pick<Settings, "host" | "port" | "tls">,
  handler: Handler,
  bounds: Partial<Bounds> = {},
): Promise<Listener> {
  try {
    const pems = tls && await readPems(tls);
    const server = await startHttpServer({ hostname, port, bounds, ...pems && { pems } }, handler);
    const unwatch = tls && pems ? watchPems(tls, pems, server.renew) : () => {};
    return {
      address: server.address,
      async shutdown() {
        unwatch();
        await server.shutdown();
      },
    };
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code, message } = error as Error & { code?: string };
    if (code === "EADDRINUSE") {
      throw new Failure(`PORT ${port} is in use on ${hostname}: stop what uses it, or set another PORT`);
    }
    throw new Failure(`cannot listen on ${hostname}:${port}: ${message}`);
  }
}
