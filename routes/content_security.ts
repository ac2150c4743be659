/**
 * What a browser may do with an answer (Content-Security-Policy, https://www.w3.org/TR/CSP3/): nothing, unless it is
 * one of our pages, and those name what they need.
 *
 * @module
 */
import type { Context } from "hono";

const nothing = "default-src 'none'; frame-ancestors 'none'";

/** For a page with its styles in it, and nothing else. */
export const pagePolicy = `${nothing}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;

/** For Swagger UI: its files, the icons and styles that it makes, and requests to this API. */
export const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** For the demo call: its files, the service and the signalling, and the media of the people in it. */
export function demoPolicy(publicUrl: string, signalling: string): string {
  // The configuration names the service by its public URL, under whatever name the page was opened.
  const others = [publicUrl, publicUrl.replace(/^http/, "ws"), signalling].map(originOf).join(" ");
  return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
    `media-src 'self' blob:; connect-src 'self' ${others}; frame-ancestors 'none'; base-uri 'self'; ` +
    "form-action 'self'";
}

/** Gives every answer that has no policy of its own the one that allows nothing. */
export async function restrictPages(c: Context, next: () => Promise<void>): Promise<void> {
  await next();
  // The answer to a handshake comes from the runtime and cannot be changed.
  if (c.res.status !== 101 && !c.res.headers.has(name)) c.header(name, nothing);
}

// ---

const name = "content-security-policy";

function originOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
