/**
 * Why the stream closes a WebSocket, and what the client should do: one registry, which AsyncAPI, README's
 * table and `client/` follow. SSE readers get the same as a last event named `close`.
 *
 * @module
 */

/** A reason to close: WebSocket close code and what the client is told. */
export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

/** What a close code means. */
export interface CloseCode {
  readonly code: number;
  /** What has happened. */
  readonly meaning: string;
  /** What a client does about it. */
  readonly advice: string;
  /** Whether the same connection may succeed later: as it was, only with another token, or never. */
  readonly reconnect: "as it was" | "with a new token" | "never";
  /** The problem of an HTTP request that is refused for the same reason. */
  readonly problem:
    | "invalid_request"
    | "unauthorized"
    | "forbidden"
    | "cursor_gone"
    | "other_log"
    | "unavailable";
}

/** The contract's close codes. New ones may come, none changes its meaning. */
export const closeCodes = {
  badRequest: {
    code: 4400,
    meaning: "bad frame or query",
    advice: "mend the frame or query",
    reconnect: "never",
    problem: "invalid_request",
  },
  unauthorized: {
    code: 4401,
    meaning: "no valid token, or one that has expired",
    advice: "get a new token, reconnect with your cursor",
    reconnect: "with a new token",
    problem: "unauthorized",
  },
  forbidden: {
    code: 4403,
    meaning: "the token lacks the scope `read`",
    advice: "ask for a token with scope `read`",
    reconnect: "never",
    problem: "forbidden",
  },
  slow: {
    code: 4408,
    meaning: "you made no progress",
    advice: "read faster or narrow the filter, reconnect with your cursor",
    reconnect: "as it was",
    problem: "unavailable",
  },
  gone: {
    code: 4410,
    meaning: "the cursor is older than what is kept",
    advice: "events before the one that the reason names are gone: start there",
    reconnect: "never",
    problem: "cursor_gone",
  },
  otherLog: {
    code: 4411,
    meaning: "the cursor is of another log: the database was restored, and ids are given anew",
    advice: "your cursor means nothing here: drop what you have from the log, start from 0",
    reconnect: "never",
    problem: "other_log",
  },
  restart: {
    code: 1012,
    meaning: "the service restarts",
    advice: "reconnect with your cursor",
    reconnect: "as it was",
    problem: "unavailable",
  },
  overloaded: {
    code: 1013,
    meaning: "too many readers, or the log cannot be read",
    advice: "reconnect with your cursor, later",
    reconnect: "as it was",
    problem: "unavailable",
  },
} as const satisfies Record<string, CloseCode>;

/** The reason to close by its name in the registry, and what the client is told. */
export function closing(name: keyof typeof closeCodes, reason: string): CloseReason {
  return { code: closeCodes[name].code, reason };
}

/** Of a cursor, or a reader, whose next events are kept no more. */
export function goneBefore(earliest: number): CloseReason {
  return closing("gone", `earliest kept event: ${earliest}`);
}

/** The registry's entry of a close code. */
export function closeCodeOf({ code }: CloseReason): CloseCode {
  const known = Object.values(closeCodes).find((entry) => entry.code === code);
  if (!known) throw new TypeError(`not a close code of the stream: ${code}`);
  return known;
}
