/**
 * One attempt to deliver, signed and timed.
 *
 * @module
 */
import type { Attempt } from "../db/webhook_leases.ts";
import type { Delivery } from "./batch.ts";
import type { DeliveryContext, Opened } from "./context.ts";
import type { Outcome } from "./outcome.ts";
import { signatureHeaders } from "./signature.ts";

/** What came of it, as it is judged and as it is noted. */
export interface Made {
  readonly outcome: Outcome;
  readonly figures: Pick<Attempt, "status" | "ms" | "bytes" | "error">;
}

/** Posts a delivery. Never rejects. */
export async function attempt(
  { post, opened: { secrets, authorization }, options }: Pick<DeliveryContext, "post"> & {
    readonly opened: Opened;
    readonly options: { readonly timeout: number };
  },
  url: string,
  { id, contentType, body, path }: Delivery,
  signal: AbortSignal,
): Promise<Made> {
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": contentType,
    "user-agent": "Talky-Core-API (webhooks)",
    ...authorization !== null && { authorization },
    ...await signatureHeaders(secrets, { id, timestamp, body }),
  };
  const bytes = new TextEncoder().encode(body);
  const began = performance.now();
  const within = AbortSignal.any([signal, AbortSignal.timeout(options.timeout)]);
  const outcome = await post({
    url: path === undefined ? url : below(url, path),
    headers,
    body: bytes,
    signal: within,
  });
  const ms = Math.round(performance.now() - began);
  const error = outcome.error?.slice(0, 500) ?? null;
  return { outcome, figures: { status: outcome.status, ms, bytes: bytes.length, error } };
}

// ---

/** A path below a URL's own; a query stays. */
function below(text: string, path: string): string {
  const url = new URL(text);
  url.pathname = url.pathname.replace(/\/$/, "") + path;
  return url.href;
}
