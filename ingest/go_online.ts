/**
 * Logging in with xmpp.js.
 *
 * @module
 */
import type { Client } from "@xmpp/client";

/**
 * Connects, logs in, and resolves when online. Its own `start()` makes two promises of which it returns one:
 * a connection that breaks while it opens rejects the other, which nobody can catch, and ends the process.
 */
export async function goOnline(xmpp: Client): Promise<void> {
  const online = Promise.withResolvers<void>();
  online.promise.catch(() => {});
  xmpp.once("online", () => online.resolve());
  xmpp.once("error", online.reject);
  xmpp.once("disconnect", () => online.reject(new Error("the connection is gone")));
  const { service, domain, lang = "" } = xmpp.options;
  await xmpp.connect(service!);
  await xmpp.open({ domain: domain!, lang });
  await online.promise;
}
