/**
 * The application's user ids as nodes of JIDs.
 *
 * @module
 */
import { nodeprep } from "./nodeprep.ts";

/**
 * Escapes what a node cannot hold (XEP-0106), so that any id, an e-mail address say, can be one; then its
 * normal form, in lower case. Null where even so it is no node.
 */
export function nodeFor(subject: string): string | null {
  return nodeprep(
    subject.trim()
      .replace(/\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g, "\\5c")
      .replace(/[ "&'/:<>@]/g, (character) => "\\" + character.charCodeAt(0).toString(16).padStart(2, "0")),
  );
}
