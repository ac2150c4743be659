/**
 * What Prosody refuses while its outbox takes nothing new (ADR 0008).
 *
 * @module
 */
import type { Session } from "./xmpp.ts";

/** Does something, and returns whether it was refused for want of room: come again later. */
export async function isRefused(session: Session, deed: () => Promise<unknown>): Promise<boolean> {
  session.received.length = 0;
  await deed();
  const error = session.received.findLast((stanza) => stanza.attrs.type === "error")?.getChild("error");
  return error?.attrs.type === "wait" && error.children[0].name === "resource-constraint";
}
