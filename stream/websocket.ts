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

/** Serves one reader on an open socket, until either side closes it. */
export async function serveWebSocket(socket: ServerSocket, request: StreamRequest): Promise<void> {
  const { hub, authorize, owner } = request;
  let reader: Reader | undefined;
  let closed = false;
  let cancelExpiry = () => {};
  let wanted: Wanted = {};
  let view = everything;

  const sink: Sink = {
    send: (frame) => {
      if (!closed) socket.send(frame);
    },
    buffered: () => socket.bufferedAmount ?? 0,
    close,
  };

  function close({ code, reason }: CloseReason): void {
    if (closed) return;
    end();
    closeSocket(socket, { code, reason });
  }

  function end(): void {
    closed = true;
    cancelExpiry();
    reader?.remove();
  }

  /** Keeps the reader until its token ends; false when it does not let read at all. */
  function accept(authorization: Authorization): boolean {
    if (closed) return false;
    if ("code" in authorization) {
      close(authorization);
      return false;
    }
    const { expires } = authorization;
    const warning = Math.min(warnedBefore, (expires - Date.now()) / 2);
    cancelExpiry();
    const cancelWarning = atDeadline(expires - warning, () => sink.send(webSocketEncoding.expiring(expires)));
    const cancelEnd = untilEnded(authorization, close);
    cancelExpiry = () => {
      cancelWarning();
      cancelEnd();
    };
    // A fresh token may show other things than the one before.
    view = authorization.view;
    reader?.show(createFilter(wanted, view));
    return true;
  }

  async function subscribe(subscription: Subscription): Promise<void> {
    const bounds = await hub.bounds();
    if (closed) return;
    const { after } = subscription;
    wanted = subscription.wanted;
    const filter = createFilter(wanted, view);
    const start = place(after, bounds);
    if ("code" in start) return close(start);
    if (reader) return reader.subscribe({ filter, after: start.after, head: bounds.head });
    const added = hub.add({
      sink,
      encoding: webSocketEncoding,
      filter,
      after: start.after,
      head: bounds.head,
      ...owner !== undefined && { owner },
    });
    if ("code" in added) return close(added);
    reader = added;
  }

  async function handle(data: unknown): Promise<void> {
    const frame = readFrame(data);
    if (frame.type === "token") accept(await authorize(frame.token));
    else await subscribe(wishOf(frame));
  }

  // One after the other: a frame's effect is complete before the next is read.
  let turn = Promise.resolve();
  let waiting = 0;
  function inTurn(work: () => Promise<void>): void {
    if (++waiting > mostWaiting) {
      close(closing("badRequest", `more than ${mostWaiting} frames wait: send fewer at once`));
    }
    if (closed) return;
    turn = turn.then(() => closed ? undefined : work()).finally(() => waiting--).catch((error) =>
      close(
        error instanceof BadSubscription
          ? closing("badRequest", error.message)
          : closing("overloaded", "the log cannot be read now: reconnect later"),
      )
    );
  }

  socket.addEventListener("message", ({ data }) => inTurn(() => handle(data)));
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);

  inTurn(async () => {
    if (accept(request.authorization)) await subscribe(request.subscription);
  });
  await turn;
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

/** Frames of a client that may wait for the one before; each is small, and there is seldom need for two. */
const mostWaiting = 32;

/** How long before a token's end its reader is told, in milliseconds; for short tokens, half their rest. */
const warnedBefore = 60_000;
