/**
 * JSON as the text of an XML element.
 *
 * @module
 */

/**
 * Escapes, in JSON's own way, the characters that no XML document can have (XML 1.0 §2.2), so that a reader
 * the JSON gets them. A parser that meets one as it is ends the connection.
 */
export function jsonInXml(json: string): string {
  return json.replace(
    impossible,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// ---

/**
 * JSON has its control characters escaped already; these it may have as they are. Halves of surrogate pairs are those
 * that have no other half.
 */
const impossible = /[\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
