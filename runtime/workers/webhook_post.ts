/**
 * Posts webhooks on Workers, where names are looked up and connections made by Cloudflare's network, which reaches
 * what is public. The URL is judged as everywhere, no redirect followed, nothing of the answer's body kept.
 *
 * @module
 */
import { type AddressRules, refuseUrl } from "../../webhooks/addresses.ts";
import type { Outcome } from "../../webhooks/outcome.ts";
import type { Poster } from "../../webhooks/poster.ts";

/** Makes the way out. */
export function fetchPoster(rules: AddressRules): Poster {
  return async ({ url, headers, body, signal }) => {
    const refusal = URL.canParse(url) ? refuseUrl(new URL(url), rules) : "is not a URL";
    if (refusal) return failed(refusal);
    try {
      const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
      return await receive(response);
    } catch (error) {
      return failed(
        signal.aborted ? "took too long" : error instanceof Error ? error.message : String(error),
      );
    }
  };
}

// ---

const mostRead = 64 * 1024;

/** The answer, once it has come to its end, or far enough. */
async function receive({ status, headers, body }: Response): Promise<Outcome> {
  const outcome = { status, retryAfter: headers.get("retry-after") };
  let read = 0;
  try {
    for await (const bytes of body ?? []) {
      read += bytes.length;
      if (read > mostRead) break;
    }
    return outcome;
  } catch {
    return { ...failed("the answer broke off"), status };
  }
}

function failed(error: string): Outcome {
  return { status: null, error };
}
