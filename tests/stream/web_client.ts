/**
 * Readers over the network: a WebSocket as a browser opens it, and a reader of server-sent events.
 *
 * @module
 */
import { until } from "../harness/wait.ts";
import type { Frame, Received } from "./recording_sink.ts";

/** A WebSocket and what came over it. */
export interface WebSocketReader extends AsyncDisposable {
  readonly socket: WebSocket;
  readonly frames: (Frame | { readonly type: "expiring" })[];
  ids(): number[];
  /** Waits until it is closed. Returns how. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  send(frame: unknown): void;
}

/** Opens one. `query` is the part after `?`. */
export function openWebSocket(url: string, query: string, protocols = ["talky.events.v1"]): WebSocketReader {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/stream?${query}`, protocols);
  const frames: WebSocketReader["frames"] = [];
  let end: { code: number; reason: string } | undefined;
  const closed = () => until("the WebSocket is closed", () => end);
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(data)));
  socket.addEventListener("close", ({ code, reason }) => {
    end = { code, reason };
  });
  return {
    socket,
    frames,
    ids: () => frames.flatMap((frame) => frame.type === "events" ? frame.events.map(({ id }) => id) : []),
    get closed() {
      return closed();
    },
    send: (frame) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed();
    },
  };
}

/** A message of an event stream (WHATWG HTML §9.2). */
export interface Message {
  readonly event: string;
  readonly id: string | undefined;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** An event stream, read. */
export interface EventStreamReader extends AsyncDisposable {
  readonly response: Response;
  readonly messages: Message[];
  ids(): number[];
  /** Settles when the server has ended it. */
  readonly ended: Promise<void>;
}

/** Opens one. Fails when the answer is not 200. */
export async function openEventStream(
  url: string,
  query: string,
  headers: Record<string, string> = {},
): Promise<EventStreamReader> {
  const stop = new AbortController();
  const response = await fetch(`${url}/stream?${query}`, {
    headers: { accept: "text/event-stream", ...headers },
    signal: stop.signal,
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const messages: Message[] = [];
  const ended = (async () => {
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split("\n\n");
      text = blocks.pop()!;
      messages.push(...blocks.map(parse));
    }
  })().catch((error) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    response,
    messages,
    ids: () => messages.filter(({ event }) => event === "message").map(({ data }) => (data as Received).id),
    ended,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

// ---

function parse(block: string): Message {
  const field = (name: string) =>
    block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  return { event: field("event") ?? "message", id: field("id"), data: JSON.parse(field("data") ?? "null") };
}
