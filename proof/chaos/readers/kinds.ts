/**
 * How applications read the log: four ways, each of which comes back by itself.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { EventSourcePolyfill } from "event-source-polyfill";
import { EventSource } from "eventsource";
import { readEvents } from "../../../client/mod.ts";
import { type ListEvents, loadClient } from "./generated_client.ts";

/** From where, and until when. */
export interface Reading {
  /** Of the service, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** Path of a generated client (`generated_client.ts`). */
  readonly client: string;
  readonly signal: AbortSignal;
}

/** Reads the log from its beginning; tells the id of each event. Resolves when it has been told to stop. */
export type Read = (reading: Reading, tell: (id: number) => void) => Promise<void>;

export const kinds: Readonly<Record<string, Read>> = {
  async "WebSocket"({ url, token, signal }, tell) {
    for await (const { id } of readEvents({ url, token, signal, after: 0 })) tell(id);
  },

  "EventSource": byEventSource((url, authorization) =>
    new EventSource(url, {
      fetch: (target, init) => {
        const headers = { ...init.headers, authorization };
        return fetch(target, { ...init, headers } as RequestInit);
      },
    }) as Source
  ),

  "EventSource polyfill": byEventSource((url, authorization) =>
    new EventSourcePolyfill(url, { headers: { authorization } }) as Source
  ),

  async "REST pages"({ url, token, client, signal }, tell) {
    const list: ListEvents = await loadClient(client, url, token);
    let after = 0;
    while (!signal.aborted) {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(20_000)]);
      const page = await list(after, patience).catch(() => null);
      for (const { id } of page?.items ?? []) tell(after = id);
      if (page === null || page.next === null) await delay(1000, undefined, { signal }).catch(() => {});
    }
  },
};

// ---

/** What the libraries have in common with a browser's. */
interface Source {
  onmessage: ((event: { data: string }) => void) | null;
  onerror: (() => void) | null;
  readonly readyState: number;
  close(): void;
}

function byEventSource(open: (url: string, authorization: string) => Source): Read {
  return ({ url, token, signal }, tell) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let source: Source;
    let last = 0;
    const connect = () => {
      if (signal.aborted) return;
      source = open(`${url}/stream?after=${last}`, `Bearer ${token}`);
      source.onmessage = ({ data }) => {
        last = JSON.parse(data).id;
        tell(last);
      };
      // An answer other than 200 is the end of an EventSource (WHATWG HTML §9.2.3): the page opens another.
      source.onerror = () => {
        if (source.readyState === closed) setTimeout(connect, 1000);
      };
    };
    connect();
    signal.addEventListener("abort", () => {
      source.close();
      resolve();
    });
    return promise;
  };
}

/** `EventSource.CLOSED`. */
const closed = 2;
