/**
 * Why the stream closes a WebSocket, and what the client should do. SSE readers get the same as a last
 * event named `close`.
 *
 * @module
 */

/** A reason to close: WebSocket close code and what the client is told. */
export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

/** The contract's close codes. The comment says what a client does. */
export const closeCodes = {
  /** Mend the frame or query; the same again will fail again. */
  badRequest: 4400,
  /** Get a new token, then reconnect with the cursor. */
  unauthorized: 4401,
  /** Ask an operator for a token with the scope. */
  forbidden: 4403,
  /** Read faster, or narrow the filter; reconnect with the cursor. */
  slow: 4408,
  /** The cursor's events are gone: start from the earliest that the reason names, knowing of the gap. */
  gone: 4410,
  /** Reconnect with the cursor, after a short random delay. */
  restart: 1012,
  /** Reconnect with the cursor, later. */
  overloaded: 1013,
} as const;
