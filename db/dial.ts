/**
 * Opening a socket to a server of PostgreSQL, with TLS as the URL asks for it. By Node's modules, which Deno and
 * Workers have.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import net from "node:net";
import tls from "node:tls";
import type { DatabaseAddress, DatabaseHost, DatabaseTls } from "./database_address.ts";

/** Why there is no connection, in words that name the server. `code` is the system's. */
export class DialError extends Error {
  override name = "DialError";
  constructor(message: string, readonly code: string) {
    super(message);
  }
}

/** Opens a socket, ready for the protocol's first message, within some milliseconds. Rejects with a {@link DialError}. */
export async function dial(
  address: DatabaseAddress,
  host: DatabaseHost,
  within: number,
): Promise<net.Socket> {
  try {
    return await attempt(host, address.tls, within);
  } catch (error) {
    // `prefer` does not insist on TLS.
    const plain = address.tls.mode === "prefer" && error instanceof HandshakeError;
    if (!plain) throw explained(error, host);
    return await attempt(host, { ...address.tls, mode: "disable" }, within).catch((error) => {
      throw explained(error, host);
    });
  }
}

/** Asks the server to give up what a connection is busy with. Never rejects. */
export async function cancel(host: DatabaseHost, key: { pid: number; secret: number }): Promise<void> {
  const request = new DataView(new ArrayBuffer(16));
  [16, 80877102, key.pid, key.secret].forEach((value, index) => request.setInt32(index * 4, value));
  try {
    // Without TLS, as libpq did for decades: the server takes it so, and the key is spent.
    const socket = await attempt(host, { mode: "disable", direct: false }, 2000);
    socket.on("error", () => {});
    socket.end(new Uint8Array(request.buffer));
    setTimeout(() => socket.destroy(), 1000);
  } catch {
    // Then it ends by itself.
  }
}

/** A server as a message names it. */
export function nameOf(host: DatabaseHost): string {
  return "path" in host ? host.path : `${host.host}:${host.port}`;
}

// ---

class HandshakeError extends Error {
  override name = "HandshakeError";

  constructor(override readonly cause: unknown) {
    super("TLS");
  }
}

async function attempt(host: DatabaseHost, options: DatabaseTls, within: number): Promise<net.Socket> {
  // Unix sockets are the machine's own.
  const secure = options.mode !== "disable" && "host" in host;
  const files = secure ? await readFiles(options) : {};
  let socket = net.connect("path" in host ? { path: host.path } : { host: host.host, port: host.port });
  const late = setTimeout(() => {
    socket.destroy(new DialError(`does not answer within ${within / 1000} s`, "ETIMEDOUT"));
  }, within);
  try {
    await happens(socket, "connect");
    socket.setKeepAlive(true, 30_000);
    socket.setNoDelay(true);
    if (!secure || (!options.direct && !await offersTls(socket, options))) return socket;
    socket.removeAllListeners();
    socket = upgrade(socket, host.host, options, files);
    await happens(socket, "secureConnect").catch((error) => {
      throw error instanceof DialError ? error : new HandshakeError(error);
    });
    return socket;
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Asks whether the server has TLS (PostgreSQL's SSLRequest). */
async function offersTls(socket: net.Socket, { mode }: DatabaseTls): Promise<boolean> {
  socket.write(Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47));
  const [answer] = await happens<[Uint8Array]>(socket, "data");
  // Anything behind it would have been put there by somebody in between.
  if (answer.length === 1 && answer[0] === "S".charCodeAt(0)) return true;
  if (answer.length === 1 && answer[0] === "N".charCodeAt(0)) {
    if (mode === "prefer") return false;
    throw new DialError(`has no TLS, which sslmode=${mode} asks for`, "ENOTLS");
  }
  throw new DialError("does not speak PostgreSQL's protocol", "EPROTO");
}

function upgrade(
  socket: net.Socket,
  host: string,
  { mode, direct }: DatabaseTls,
  files: Readonly<Record<string, string>>,
): net.Socket {
  const verified = mode === "verify-ca" || mode === "verify-full";
  return tls.connect({
    socket,
    host,
    ...!net.isIP(host) && { servername: host },
    ...direct && { ALPNProtocols: ["postgresql"] },
    ...files,
    ...!verified && { rejectUnauthorized: false },
    ...mode !== "verify-full" && { checkServerIdentity: () => undefined },
  });
}

/** PEM files, read anew for each connection: they are renewed. */
async function readFiles({ ca, cert, key, passphrase }: DatabaseTls): Promise<Record<string, string>> {
  const files: Record<string, string> = passphrase ? { passphrase } : {};
  const given = { ca: ["sslrootcert", ca], cert: ["sslcert", cert], key: ["sslkey", key] } as const;
  for (const [option, [parameter, path]] of Object.entries(given)) {
    if (!path) continue;
    try {
      files[option] = await readFile(path, "utf8");
    } catch (error) {
      throw new DialError(
        `cannot be verified: ${parameter} ${path} cannot be read (${reasonOf(error)})`,
        "EFILE",
      );
    }
  }
  return files;
}

/** Waits for an event; rejects when the socket breaks first. */
function happens<T extends unknown[]>(socket: net.Socket, event: string): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onClose = () => reject(new DialError("closed the connection at once", "ECONNRESET"));
  socket.once(event, (...values: unknown[]) => resolve(values as T));
  socket.once("error", reject);
  socket.once("close", onClose);
  return promise.finally(() => {
    socket.removeListener("error", reject);
    socket.removeListener("close", onClose);
  });
}

function explained(error: unknown, host: DatabaseHost): DialError {
  const cause = error instanceof HandshakeError ? error.cause : error;
  const code = (cause as { code?: string }).code ?? "ECONNREFUSED";
  const reason = cause instanceof DialError
    ? cause.message
    : error instanceof HandshakeError
    ? `its certificate is not accepted: ${reasonOf(cause)}`
    : reasons[code] ?? reasonOf(cause);
  return new DialError(`${nameOf(host)} ${reason}${code in reasons ? ` (${code})` : ""}`, code);
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses connections",
  ENOTFOUND: "is a name that nobody knows",
  EAI_AGAIN: "is a name that cannot be looked up now",
  ENOENT: "is a socket that does not exist",
  EACCES: "is a socket that we may not use",
  ECONNRESET: "closed the connection",
};

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\s+/g, " ") : String(error);
}
