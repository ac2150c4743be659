import assert from "node:assert/strict";
import fc from "fast-check";
import { foldNode, isNode } from "../../events/nodeprep.ts";
import { prosodyNodeprep } from "../harness/prosody_nodeprep.ts";
import { type ProsodyRelease, prosodyTest } from "../harness/prosody_releases.ts";
import { anyText } from "./any_text.ts";

/** All that is assigned, or nearly; with TALKY_TEST_LONG all there may be. */
const characters = Array.from({ length: 0x110000 }, (_, codePoint) => codePoint)
  .filter((codePoint) => Deno.env.get("TALKY_TEST_LONG") || codePoint < 0x20000 || codePoint >> 12 === 0xe0)
  .filter((codePoint) => codePoint > 0 && codePoint >> 11 !== 0x1b)
  .map((codePoint) => String.fromCodePoint(codePoint));

/** Of these texts, those that Prosody leaves as they are and we don't take for nodes, or the other way round. */
async function misjudged(release: ProsodyRelease, texts: readonly string[]): Promise<string[]> {
  const prepared = await prosodyNodeprep(release, texts);
  // We fold letters that nodeprep does not: names are folded first.
  const isTaken = (text: string, index: number) => prepared[index] === text && foldNode(text) === text;
  return texts.filter((text, index) => isNode(text) !== isTaken(text, index));
}

prosodyTest("nodes: of every character there is, Prosody says the same", async (release) => {
  // By itself, and amid what is written from the right.
  for (const around of ["?", "א?א"]) {
    const texts = characters.map((character) => around.replace("?", () => character));
    assert.deepEqual(await misjudged(release, texts), [], around);
  }
});

prosodyTest("nodes: of any text, Prosody says the same", async (release) => {
  const texts = fc.sample(anyText, 10_000).flatMap((text) => [text, foldNode(text)])
    .filter((text) => text !== "" && text.isWellFormed() && !text.includes("\0"));
  assert.deepEqual(await misjudged(release, texts), []);
});

Deno.test("normal forms of nodes", () => {
  const expected: Record<string, string> = {
    "Straße": "strasse",
    "ÄÖÜ": "äöü",
    "A\u030A": "å",
    "ﬁsh": "fish",
    "Ｈｅｌｌｏ": "hello",
    "ΣΊΣΥΦΟΣ": "σίσυφοσ",
    "room-1_2.3": "room-1_2.3",
    "Ⱥ": "ⱥ",
    "a\u00adb": "ab",
  };
  for (const [text, normal] of Object.entries(expected)) assert.equal(foldNode(text), normal, text);
  fc.assert(fc.property(anyText, (text) => assert.equal(foldNode(foldNode(text)), foldNode(text))));
});

Deno.test("a node has one to 1,023 bytes", () => {
  assert.equal(isNode(""), false);
  assert.equal(isNode("x".repeat(1023)), true);
  assert.equal(isNode("x".repeat(1024)), false);
  assert.equal(isNode("ä".repeat(512)), false);
});
