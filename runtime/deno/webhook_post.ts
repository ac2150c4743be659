/**
 * Posts webhooks to public addresses and to nothing else: a name is looked up once, each of its addresses is judged,
 * and the connection goes to one that was. So a name that says something else a moment later says it to nobody
 * (ADR 0024). No redirect is followed, and of the answer's body nothing is kept.
 *
 * @module
 */
import { lookup as lookUp } from "node:dns";
import { type IncomingMessage, request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { type AddressRules, refuseAddress, refuseUrl } from "../../webhooks/addresses.ts";
import type { Outcome } from "../../webhooks/outcome.ts";
import type { Poster } from "../../webhooks/poster.ts";

/** One address that a name stands for. */
export interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** What a poster may reach. */
export interface PosterOptions extends AddressRules {
  /** Looks a name up. Default: as the system does. */
  readonly resolve?: (hostname: string) => Promise<readonly Resolved[]>;
  /** Certificates that are trusted besides, PEM. */
  readonly ca?: string;
}

/** Makes the way out. */
export function webhookPoster({ loopback, resolve = resolveBySystem, ca }: PosterOptions): Poster {
  const rules = { loopback };
  return async ({ url: text, headers, body, signal }) => {
    if (!URL.canParse(text)) return failed("is not a URL: a URL starts with https://");
    const url = new URL(text);
    const refusal = refuseUrl(url, rules);
    if (refusal) return failed(refusal);
    const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const options: RequestOptions = {
      method: "POST",
      hostname: name,
      port: url.port || (url.protocol === "https:" ? 443 : 80),
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, "content-length": String(body.length) },
      // A connection of its own: one that is kept may have been closed by the time it is needed.
      agent: false,
      lookup: lookupJudged(rules, resolve),
      ...ca !== undefined && { ca },
    };
    return await send(url.protocol === "https:" ? requestHttps : requestHttp, options, body, signal);
  };
}

// ---

/** Of an answer's body so much is read, and thrown away, before the connection is closed. */
const mostRead = 64 * 1024;

type Lookup = NonNullable<RequestOptions["lookup"]>;

/** Looks up, and hands on only addresses that may be sent to; one that may not spoils the name. */
function lookupJudged(rules: AddressRules, resolve: NonNullable<PosterOptions["resolve"]>): Lookup {
  return (hostname, options, callback) => {
    resolve(hostname).then((found) => {
      const [first] = found;
      if (!first) throw new Error(`${hostname} has no address`);
      for (const { address } of found) {
        const refusal = refuseAddress(address, rules);
        // Not which: what names mean in here is nobody's business out there.
        if (refusal) throw new Error(`${hostname} has an address that ${refusal}`);
      }
      if (options.all) callback(null, found.map(({ address, family }) => ({ address, family })));
      else callback(null, first.address, first.family);
    }).catch((error) => callback(error, "", 0));
  };
}

function resolveBySystem(hostname: string): Promise<readonly Resolved[]> {
  return new Promise((resolve, reject) => {
    lookUp(hostname, { all: true, verbatim: true }, (error, found) => error ? reject(error) : resolve(found));
  });
}

function send(
  request: typeof requestHttp,
  options: RequestOptions,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  // Whatever else happens, or does not.
  const late = () => resolve(failed("took too long"));
  if (signal.aborted) late();
  signal.addEventListener("abort", late, { once: true });
  const sent = request(options, (response) => receive(response, resolve));
  sent.on("error", (error) => resolve(failed(error.message || error.name)));
  sent.on("upgrade", (_response, socket) => {
    socket.destroy();
    resolve(failed("the answer is of another protocol"));
  });
  sent.end(body);
  return promise.finally(() => {
    signal.removeEventListener("abort", late);
    sent.socket?.destroy();
    sent.destroy();
  });
}

/** The answer, once it has come to its end: one that breaks off may be of a receiver that has died of it. */
function receive(response: IncomingMessage, resolve: (outcome: Outcome) => void): void {
  const status = response.statusCode ?? null;
  const retryAfter = response.headers["retry-after"] ?? null;
  let read = 0;
  response.on("data", (bytes: Uint8Array) => {
    read += bytes.length;
    if (read > mostRead) resolve({ status, retryAfter });
  });
  response.on("end", () => resolve({ status, retryAfter }));
  for (const event of ["aborted", "error", "close"]) {
    response.on(event, () => resolve({ ...failed("the answer broke off"), status }));
  }
}

function failed(error: string): Outcome {
  return { status: null, error };
}
