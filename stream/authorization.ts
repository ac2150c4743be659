/**
 * Until when a reader may read, and what: a token's verdict, and what ends it before its time.
 *
 * @module
 */
import type { View } from "../events/view.ts";
import { type CloseReason, closing } from "./close_codes.ts";
import { atDeadline } from "./deadline.ts";

/** What a token lets read. */
export interface Permission {
  /** In milliseconds since 1970. */
  readonly expires: number;
  /** What it shows. */
  readonly view: View;
  /** Calls `ended` when it is revoked. Returns how to stop watching. Absent: it cannot be. */
  readonly watch?: (ended: () => void) => () => void;
}

/** A permission, or why there is none. */
export type Authorization = Permission | CloseReason;

/** Calls `close` when a permission ends. Returns how to stop waiting for that. */
export function untilEnded(
  { expires, watch }: Permission,
  close: (reason: CloseReason) => void,
): () => void {
  const end = (reason: string) => close(closing("unauthorized", reason));
  const cancelDeadline = atDeadline(expires, () => end("the token has expired"));
  const unwatch = watch?.(() => end("the key has been revoked"));
  return () => {
    cancelDeadline();
    unwatch?.();
  };
}
