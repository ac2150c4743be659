/**
 * Nodes of JIDs in their normal form: what Prosody makes of a user's or a room's name.
 *
 * @module
 */

/**
 * Nodeprep (RFC 6122, appendix A), by way of NFKC and case folding. Null where it is no node: empty, more than
 * 1,023 bytes, or with a character that no node can have.
 */
export function nodeprep(name: string): string | null {
  const node = name.replace(ignored, "").normalize("NFKC").replace(/[ßẞ]/g, "ss").toLowerCase()
    // Where folding goes further than lower case: final sigma, and the iota below a vowel.
    .replace(/ς/g, "σ").normalize("NFD").replace(/\u0345/g, "ι").normalize("NFKC");
  if (node === "" || forbidden.test(node)) return null;
  return new TextEncoder().encode(node).length <= 1023 ? node : null;
}

// ---

/** What nodeprep maps to nothing (RFC 3454, table B.1): soft hyphens, joiners, variation selectors. */
const ignored = /[\u00ad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/g;

/** Spaces, control, private-use, surrogate and unassigned characters, and what nodeprep forbids besides. */
const forbidden = /["&'/:<>@\s\p{C}\p{Z}]/u;
