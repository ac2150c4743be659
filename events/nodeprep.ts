/**
 * Nodes of JIDs: what Prosody takes as a user's or a room's name, and its normal form.
 *
 * @module
 */
import { nodeClass } from "./unicode_3_2.ts";

/** Most bytes of a node (RFC 6122 §2.3). */
export const longestNode = 1023;

/**
 * What nodeprep (RFC 6122, appendix A) maps a text to: without what is invisible, by way of NFKC and case
 * folding. Folds letters that are newer than nodeprep's Unicode 3.2 as well; the result is its own normal form.
 */
export function foldNode(text: string): string {
  return text.replace(invisible, "").normalize("NFKC").replace(/[ßẞ]/g, "ss").toLowerCase()
    // Where folding goes further than lower case: final sigma, and the iota below a vowel.
    .replace(/ς/g, "σ").normalize("NFD").replace(/\u0345/g, "ι").normalize("NFKC");
}

/** Whether a text is the node of a JID in its normal form: every server takes it, and leaves it as it is. */
export function isNode(text: string): boolean {
  if (text === "" || byteLength(text) > longestNode) return false;
  if (plain.test(text)) return true;
  if (foldNode(text) !== text) return false;
  const classes = Array.from(text, (character) => nodeClass(character.codePointAt(0)!));
  if (classes.includes("x")) return false;
  // RFC 3454 §6: what is written from the right begins and ends so, with nothing from the left in between.
  return !classes.includes("r") ||
    (!classes.includes("l") && classes[0] === "r" && classes.at(-1) === "r");
}

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

// ---

/** What nodeprep maps to nothing (RFC 3454, table B.1): soft hyphens, joiners, variation selectors. */
const invisible = /[\u00ad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/g;

/** Nodes of ASCII, as nearly all are. */
const plain = /^[!#-%(-.0-9;=?[-~]+$/;
