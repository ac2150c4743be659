/**
 * The certificate that HTTPS is served with, renewed while connections are open.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { getLogger } from "@logtape/logtape";
import { Failure } from "../failure.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** What is in them. */
export interface Pems {
  readonly cert: string;
  readonly key: string;
}

/**
 * Looks at the files every so many milliseconds, and hands over what has changed; returns how to stop.
 */
export function watchPems(
  files: TlsFiles,
  first: Pems,
  renew: (pems: Pems) => void,
  every = 1000,
): () => void {
  let pems = first;
  let trouble = "";
  const watching = setInterval(async () => {
    try {
      const fresh = await readPems(files);
      if (fresh.cert !== pems.cert || fresh.key !== pems.key) {
        renew(pems = fresh);
        log.info("Serving with the certificate that is in {cert} now", { ...files });
      }
      trouble = "";
    } catch (error) {
      // Half-written, or really wrong: said once, and looked at again.
      const { message } = error as Error;
      if (message !== trouble) log.warning("{message}; serving with the last one", { message });
      trouble = message;
    }
  }, every);
  Deno.unrefTimer(watching);
  return () => clearInterval(watching);
}

/** Reads certificate and key, and makes sure that they belong together. Rejects with a {@link Failure}. */
export async function readPems(files: TlsFiles): Promise<Pems> {
  const cert = await readPem("TALKY_TLS_CERT", files.cert, (pem) => new X509Certificate(pem));
  const key = await readPem("TALKY_TLS_KEY", files.key, createPrivateKey);
  if (!cert.value.checkPrivateKey(key.value)) {
    throw new Failure(`TALKY_TLS_KEY is wrong: ${files.key} is not the key of ${files.cert}`);
  }
  return { cert: cert.pem, key: key.pem };
}

// ---

const log = getLogger(["talky", "tls"]);

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
