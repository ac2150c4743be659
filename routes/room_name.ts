/**
 * Room names as XMPP has them. A room's address must be in its normal form, or the client joins a room in
 * which it sees nobody.
 *
 * @module
 */

/**
 * The node part for a room's name: nodeprep (RFC 6122, appendix A), by way of NFKC and case folding. Null
 * where no room can have that name.
 */
export function normaliseRoomName(name: string): string | null {
  const node = name.normalize("NFKC").replace(/[ßẞ]/g, "ss").toLowerCase().normalize("NFKC");
  if (node === "" || forbidden.test(node)) return null;
  return new TextEncoder().encode(node).length <= 1023 ? node : null;
}

// ---

/** Spaces, control, private-use, surrogate and unassigned characters, and what nodeprep forbids besides. */
const forbidden = /["&'/:<>@\s\p{C}\p{Z}]/u;
