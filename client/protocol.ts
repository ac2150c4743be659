/**
 * What goes over the wire: frames, and what close codes ask of a client. The service's own registries are in
 * `stream/`; a test compares them.
 *
 * @module
 */
import type { TalkyEvent } from "./event.ts";

/** Name of the WebSocket subprotocol. */
export const subprotocol = "talky.events.v1";

/** A frame that the service sends. */
export type Frame =
  | {
    readonly type: "ready";
    readonly after: number;
    readonly head: number;
    /** A service from before there were generations says none. */
    readonly generation?: string;
  }
  | { readonly type: "events"; readonly events: readonly TalkyEvent[] }
  | { readonly type: "heartbeat"; readonly head: number }
  | { readonly type: "expiring"; readonly expires: string };

/** The close code of a token that does not let read. */
export const scopeMissing = 4403;

/** The close code of a cursor that is of another log: the database was restored, ids are given anew. */
export const logReplaced = 4411;

/** Close codes after which the same connection would fail again. */
export const fatalCodes: ReadonlySet<number> = new Set([4400, scopeMissing, 4410, logReplaced]);

/** The close code after which only another token helps. */
export const tokenRefused = 4401;
