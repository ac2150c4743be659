/**
 * HTTPS whose certificate can be renewed while connections are open. `Deno.serve` cannot change its
 * certificate, and closes its WebSockets when it is replaced; so it serves in the clear on the loopback
 * interface, behind Node's TLS server, which can (ADR 0006).
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { pipeline } from "node:stream";
import { createServer, type TLSSocket } from "node:tls";
import { getLogger } from "@logtape/logtape";
import { Failure } from "../failure.ts";
import type { Listener } from "./listen.ts";

/** Where to listen, and the PEM files to listen with. */
export interface TlsOptions {
  readonly hostname: string;
  readonly port: number;
  readonly files: { readonly cert: string; readonly key: string };
  /** How often the files are looked at, in milliseconds. Default 1,000. */
  readonly reloadEvery?: number;
}

/** Serves over TLS. New connections get the certificate that the files hold; open ones keep theirs. */
export async function serveTls(
  { hostname, port, files, reloadEvery = 1000 }: TlsOptions,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): Promise<Listener> {
  let pair = await readPair(files);
  /** Who is behind a connection of the inner server, by its port. */
  const clients = new Map<number, Deno.NetAddr>();
  const inner = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, info) =>
      handler(request, { ...info, remoteAddr: clients.get(info.remoteAddr.port) ?? info.remoteAddr }),
  );

  const front = createServer(pair, (client: TLSSocket) => {
    const server = connect(inner.addr.port, "127.0.0.1", () => {
      const { localPort } = server;
      clients.set(localPort!, {
        transport: "tcp",
        hostname: client.remoteAddress ?? "",
        port: client.remotePort ?? 0,
      });
      server.on("close", () => clients.delete(localPort!));
      // Either side may break off at any time: nothing to be done about it.
      pipeline(client, server, client, () => {});
    });
    server.on("error", () => client.destroy());
    client.on("error", () => server.destroy());
  });
  // Scanners, and clients that do not trust the certificate.
  front.on("tlsClientError", () => {});
  front.listen(port, hostname);
  try {
    await once(front, "listening");
  } catch (error) {
    await inner.shutdown();
    throw error;
  }

  let trouble = "";
  const reloading = setInterval(async () => {
    try {
      const fresh = await readPair(files);
      if (fresh.cert !== pair.cert || fresh.key !== pair.key) {
        front.setSecureContext(pair = fresh);
        log.info("Serving with the certificate that is in {cert} now", { ...files });
      }
      trouble = "";
    } catch (error) {
      // Half-written, or really wrong: said once, and looked at again.
      const { message } = error as Error;
      if (message !== trouble) log.warning("{message}; serving with the last one", { message });
      trouble = message;
    }
  }, reloadEvery);
  Deno.unrefTimer(reloading);

  return {
    address: { hostname, port: (front.address() as { port: number }).port },
    async shutdown() {
      clearInterval(reloading);
      front.close();
      await inner.shutdown();
    },
  };
}

// ---

const log = getLogger(["talky", "tls"]);

/** Reads certificate and key, and makes sure that they belong together. */
async function readPair(files: TlsOptions["files"]): Promise<{ cert: string; key: string }> {
  const cert = await readPem("TALKY_TLS_CERT", files.cert, (pem) => new X509Certificate(pem));
  const key = await readPem("TALKY_TLS_KEY", files.key, createPrivateKey);
  if (!cert.value.checkPrivateKey(key.value)) {
    throw new Failure(`TALKY_TLS_KEY is wrong: ${files.key} is not the key of ${files.cert}`);
  }
  return { cert: cert.pem, key: key.pem };
}

async function readPem<T>(
  setting: string,
  path: string,
  parse: (pem: string) => T,
): Promise<{ pem: string; value: T }> {
  const wrong = (reason: string) =>
    new Failure(`${setting} is wrong: got ${JSON.stringify(path)}; the file ${reason}`);
  const pem = await Deno.readTextFile(path).catch(() => {
    throw wrong("cannot be read");
  });
  try {
    return { pem, value: parse(pem) };
  } catch {
    throw wrong("is not PEM of the right kind");
  }
}
