/**
 * What PostgreSQL's text and jsonb can hold.
 *
 * @module
 */

/**
 * Whether JSON text can be stored: it has no NUL and no half of a surrogate pair, as JSON.stringify escapes
 * them. (The text `\\u0000`, an escaped backslash before letters and digits, is harmless.)
 */
export function isStorable(json: string): boolean {
  return !unstorable.test(json);
}

/** The same in ASCII: what has another character has its JSON escape. JSON stays the same JSON. */
export function toAscii(text: string): string {
  return text.replace(
    /[^\n\r\t\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// ---

const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/i;
