/**
 * The stream over a WebSocket, subprotocol `talky.events.v1`. Runs on any runtime's server-side WebSocket.
 *
 * @module
 */
import { everything } from "../events/view.ts";
import { type Authorization, untilEnded } from "./authorization.ts";
import { atDeadline } from "./deadline.ts";
import { type CloseReason, closing } from "./close_codes.ts";
import { webSocketEncoding } from "./encoding.ts";
import { createFilter, type Wanted } from "./filter.ts";
import type { Hub } from "./hub.ts";
import type { Reader, Sink } from "./reader.ts";
import { BadSubscription, place, readFrame, type Subscription, wishOf } from "./subscription.ts";

/** What is needed of a server-side WebSocket, already open. */
export interface ServerSocket {
  send(data: string): void;
  close(code: number, reason: string): void;
  readonly bufferedAmount?: number;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
}

export interface StreamRequest {
  readonly hub: Hub;
  readonly subscription: Subscription;
  readonly authorization: Authorization;
  /** Whose reader it is. */
  readonly owner?: string;
  /** Judges a token that refreshes the first one. */
  readonly authorize: (token: string) => Promise<Authorization>;
}

/** Serves one reader on an open socket, until either side closes it. Resolves when its subscription is made. */
export function serveWebSocket(socket: ServerSocket, request: StreamRequest): Promise<void> {
  return new ServedSocket(socket, request).start();
}

/** Closes a socket, with a reason cut to what fits into a close frame (123 bytes, RFC 6455 §5.5). */
export function closeSocket(socket: ServerSocket, { code, reason }: CloseReason): void {
  let text = reason;
  while (new TextEncoder().encode(text).length > 123) text = text.slice(0, -1);
  try {
    socket.close(code, text);
  } catch {
    // Closing already.
  }
}

// ---

class ServedSocket implements Sink {
  readonly #socket: ServerSocket;
  readonly #request: StreamRequest;
  #reader: Reader | undefined;
  #closed = false;
  #cancelExpiry = () => {};
  #wanted: Wanted = {};
  #view = everything;
  /** One after the other: a frame's effect is complete before the next is read. */
  #turn = Promise.resolve();
  #waiting = 0;

  constructor(socket: ServerSocket, request: StreamRequest) {
    this.#socket = socket;
    this.#request = request;
  }

  async start(): Promise<void> {
    const { authorization, subscription } = this.#request;
    this.#socket.addEventListener("message", ({ data }) => this.#inTurn(() => this.#handle(data)));
    this.#socket.addEventListener("close", () => this.#end());
    this.#socket.addEventListener("error", () => this.#end());
    this.#inTurn(async () => {
      if (this.#accept(authorization)) await this.#subscribe(subscription);
    });
    await this.#turn;
  }

  send(frame: string): void {
    if (!this.#closed) this.#socket.send(frame);
  }

  buffered(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#end();
    closeSocket(this.#socket, reason);
  }

  #end(): void {
    this.#closed = true;
    this.#cancelExpiry();
    this.#reader?.remove();
  }

  /** Keeps the reader until its token ends; false when it does not let read at all. */
  #accept(authorization: Authorization): boolean {
    if (this.#closed) return false;
    if ("code" in authorization) {
      this.close(authorization);
      return false;
    }
    const { expires, view } = authorization;
    const warning = Math.min(warnedBefore, (expires - Date.now()) / 2);
    this.#cancelExpiry();
    const cancelWarning = atDeadline(expires - warning, () => this.send(webSocketEncoding.expiring(expires)));
    const cancelEnd = untilEnded(authorization, (reason) => this.close(reason));
    this.#cancelExpiry = () => {
      cancelWarning();
      cancelEnd();
    };
    // A fresh token may show other things than the one before.
    this.#view = view;
    this.#reader?.show(createFilter(this.#wanted, view));
    return true;
  }

  async #subscribe({ wanted, ...cursor }: Subscription): Promise<void> {
    const { hub, owner } = this.#request;
    const bounds = await hub.bounds();
    if (this.#closed) return;
    this.#wanted = wanted;
    const start = place(cursor, bounds);
    if ("code" in start) return this.close(start);
    const subscription = {
      filter: createFilter(wanted, this.#view),
      after: start.after,
      head: bounds.head,
      generation: bounds.generation,
    };
    if (this.#reader) return this.#reader.subscribe(subscription);
    const added = hub.add({
      ...subscription,
      sink: this,
      encoding: webSocketEncoding,
      ...owner !== undefined && { owner },
    });
    if ("code" in added) return this.close(added);
    this.#reader = added;
    // Its first frame found the socket gone.
    if (this.#closed) added.remove();
  }

  async #handle(data: unknown): Promise<void> {
    const frame = readFrame(data);
    if (frame.type === "token") this.#accept(await this.#request.authorize(frame.token));
    else await this.#subscribe(wishOf(frame));
  }

  #inTurn(work: () => Promise<void>): void {
    if (++this.#waiting > mostWaiting) {
      this.close(closing("badRequest", `more than ${mostWaiting} frames wait: send fewer at once`));
    }
    if (this.#closed) return;
    this.#turn = this.#turn
      .then(() => this.#closed ? undefined : work())
      .finally(() => this.#waiting--)
      .catch((error) =>
        this.close(
          error instanceof BadSubscription
            ? closing("badRequest", error.message)
            : closing("overloaded", "the log cannot be read now: reconnect later"),
        )
      );
  }
}

/** Frames of a client that may wait for the one before; each is small, and there is seldom need for two. */
const mostWaiting = 32;

/** How long before a token's end its reader is told, in milliseconds; for short tokens, half their rest. */
const warnedBefore = 60_000;
