/**
 * The way out as the deliveries know it: a port. On Deno it is `runtime/deno/webhook_post.ts`.
 *
 * @module
 */
import type { Outcome } from "./outcome.ts";

/** One POST. It is made to whatever is public, follows no redirect, keeps nothing of the answer's body. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Posts. Never rejects: what went wrong is the outcome's `error`. */
export type Poster = (post: Post) => Promise<Outcome>;
