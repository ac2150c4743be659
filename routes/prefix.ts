/**
 * A service under a path of a host that others share (`https://example.com/talky`): what it writes into its
 * pages, and where it finds itself. A proxy in front may take the path off, or pass it on.
 *
 * @module
 */
import { getPath } from "hono/utils/url";

/** The path of the public URL, without a slash at the end; empty at a host's root. */
export function prefixOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, "");
}

/** Makes the function that gives a request's path within the service: without the prefix, where it has it. */
export function pathWithin(publicUrl: string): (request: Request) => string {
  const prefix = prefixOf(publicUrl);
  if (prefix === "") return getPath;
  return (request) => {
    const path = getPath(request);
    return path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) || "/" : path;
  };
}
