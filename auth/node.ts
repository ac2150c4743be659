/**
 * The application's user ids as nodes of JIDs.
 *
 * @module
 */

/**
 * Escapes what a node cannot hold (XEP-0106), so that any id, an e-mail address say, can be one. Letters
 * become lower case, as they do in every JID.
 */
export function nodeFor(subject: string): string {
  return subject.normalize("NFKC").toLowerCase().trim()
    .replace(/\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)/g, "\\5c")
    .replace(/[ "&'/:<>@]/g, (character) => "\\" + character.charCodeAt(0).toString(16).padStart(2, "0"));
}
