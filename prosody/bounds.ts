/**
 * How much clients may take of Prosody (ADR 18, ADR 8): bounds that the generated configuration shows, with what they
 * are by default. Forty people behind one address never meet them.
 *
 * @module
 */

/** Prosody's bounds, by the names that its modules have for them. */
export const defaultBounds = {
  /** Stanzas a second that a client sends before it is read no faster. */
  talky_stanzas_per_second: 100,
  /** Stanzas at once, after a while of quiet. */
  talky_stanzas_at_once: 1000,
  /** WebSockets that there are at once. */
  talky_connections: 20_000,
  /** WebSockets of one address (of IPv6: of a /64) at once. */
  talky_connections_per_address: 1000,
  /** Rooms that a session is in at once. */
  talky_rooms_per_session: 20,
  /** Members, admins, owners and banned users of a room. */
  talky_affiliations_per_room: 1000,
  /** Bytes a second of the outbox that one session may have written down. */
  talky_outbox_session_rate: 4 * 1024,
  /** The same, at once. */
  talky_outbox_session_burst: 2 * 1024 * 1024,
  /** Bytes a second of an account, and of an address; counts while the outbox is more than half full. */
  talky_outbox_share_rate: 64 * 1024,
  /** The same, at once. */
  talky_outbox_share_burst: 16 * 1024 * 1024,
} as const;

/** Some of them otherwise than by default. */
export type ProsodyBounds = Partial<Readonly<Record<keyof typeof defaultBounds, number>>>;

/** The lines that say them in a `prosody.cfg.lua`. */
export function boundLines(bounds: ProsodyBounds = {}): string {
  return Object.entries({ ...defaultBounds, ...bounds }).map(([name, value]) => `${name} = ${value}`).join(
    "\n",
  );
}
