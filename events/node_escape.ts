/**
 * Any text as the node of a JID, and back: what a node cannot hold is escaped, by XEP-0106 where that has an
 * escape for it (`\40` for `@`), by its code point where not (`{1f680}`). Escapes are ASCII that every server
 * leaves as it is. Why: ADR 0011.
 *
 * @module
 */
import { foldNode, isNode } from "./nodeprep.ts";
import { nodeClass } from "./unicode_3_2.ts";

/**
 * A text as a node, if that is not too long: itself where it is one and has nothing in it that looks like an
 * escape. Different texts are different nodes, and {@link unescapeNode} gives the text back.
 */
export function escapeNode(text: string): string {
  if (isNode(text) && !anEscape.test(text)) return text;
  // XEP-0106 has no space at an end. It has a backslash, `\5c`; but clients that unescape a name before they
  // log in would then send another than what they were given.
  const whole = text.replace(beginsEscape, (character) => character === "\\" ? "{5c}" : "{7b}")
    .replace(/^ | $/g, "{20}");
  // Escapes have Latin digits: beside those, nodeprep allows nothing that is written from the right.
  const node = replaceCharacters(whole, (character) => isPlain(character) ? character : escape(character));
  // Characters that are one with what stands before them, accents say, are no longer themselves.
  return foldNode(node) === node
    ? node
    : replaceCharacters(node, (character) => character < "\x80" ? character : escape(character));
}

/** The text that a node was made of. What is no escape stands for itself. */
export function unescapeNode(node: string): string {
  return node.replace(new RegExp(anEscape, "g"), (whole) => {
    const codePoint = Number(`0x${whole.replace(/[\\{}]/g, "")}`);
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : whole;
  });
}

// ---

/** XEP-0106 has ten; in braces, what is no number is kept free. */
const anEscape = /\\(?:20|22|26|27|2f|3a|3c|3e|40|5c)|\{[0-9a-z]{1,6}\}/;
const beginsEscape = new RegExp(String.raw`(?=${anEscape.source}).`, "g");

/** Half a surrogate pair is a character here. */
function replaceCharacters(text: string, replace: (character: string) => string): string {
  return Array.from(text, replace).join("");
}

/** Whether a character stays itself in a node, beside escapes. */
function isPlain(character: string): boolean {
  const kind = nodeClass(character.codePointAt(0)!);
  return (kind === "l" || kind === "n") && foldNode(character) === character;
}

function escape(character: string): string {
  const hex = character.codePointAt(0)!.toString(16);
  return / |["&'/:<>@]/.test(character) ? `\\${hex}` : `{${hex}}`;
}
