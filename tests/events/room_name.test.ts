import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeNode, unescapeNode } from "../../events/node_escape.ts";
import { foldNode, isNode } from "../../events/nodeprep.ts";
import { BadRoomName, roomNameOf, roomNode } from "../../events/room_name.ts";
import { prosodyNodeprep } from "../harness/prosody_nodeprep.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { anyText } from "./any_text.ts";

/** The node of a name; undefined where it cannot be one. */
function nodeOf(name: string): string | undefined {
  try {
    return roomNode(name);
  } catch (error) {
    if (error instanceof BadRoomName) return undefined;
    throw error;
  }
}

Deno.test("rooms: nodes of names, and the name that each stands for", () => {
  const expected: readonly [name: string, node: string, normal?: string][] = [
    ["daily", "daily"],
    ["Daily", "daily", "daily"],
    ["Straße", "strasse", "strasse"],
    ["team🚀", "team{1f680}"],
    ["Team  🚀 ", "team\\20{1f680}", "team 🚀"],
    ["₹", "{20b9}"],
    ["Ⱥlpha", "{2c65}lpha", "ⱥlpha"],
    ["a/b & c", "a\\2fb\\20\\26\\20c"],
    ["שלום", "שלום"],
    ["שלום1", "{5e9}{5dc}{5d5}{5dd}1"],
    ["\u200eשלום\u200f", "שלום", "שלום"],
    ["👩\u200d💻", "{1f469}{1f4bb}", "👩💻"],
    ["❤\ufe0f", "❤", "❤"],
    ["日本🗾", "日本{1f5fe}"],
    ["c:\\40", "c\\3a{5c}40"],
    ["\\o/", "\\o\\2f"],
    ["{a} ", "{a}", "{a}"],
    ["{a} b", "{7b}a}\\20b"],
    // Nodes are names of their rooms too.
    ["team\\20{1f680}", "team\\20{1f680}", "team 🚀"],
    // But these are the node of no other name.
    ["a\\20", "a\\20"],
    ["{41}", "{41}"],
    ["{d800}", "{d800}"],
  ];
  for (const [name, node, normal = name] of expected) {
    assert.equal(roomNode(name), node, name);
    assert.equal(roomNameOf(node), normal, node);
  }
});

Deno.test("rooms: a name that cannot be says which character or which limit is in the way", () => {
  const expected: Record<string, RegExp> = {
    "": /at least one visible character/,
    " \u200b ": /at least one visible character/,
    "tab\there": /U\+0009/,
    "a\u0000": /U\+0000/,
    "a\u2028b": /U\+2028/,
    "\ud83d": /U\+D83D/,
    "\u{1ffff}": /U\+1FFFF/,
    ["x".repeat(1024)]: /at most 1023 bytes.* 1024/,
    ["🚀".repeat(200)]: /at most 1023 bytes.* 1400/,
  };
  for (const [name, message] of Object.entries(expected)) {
    assert.throws(
      () => roomNode(name),
      (error) => error instanceof BadRoomName && message.test(error.message),
    );
  }
  assert.equal(roomNode("x".repeat(1023)).length, 1023);
});

prosodyTest(
  "rooms: of any name, the node is one that Prosody leaves as it is, and gives the name back",
  async (release) => {
    const names = fc.sample(anyText, 10_000).filter((name) => nodeOf(name) !== undefined);
    assert.ok(names.length > 5_000, "most names can be");
    const nodes = names.map(roomNode);
    assert.deepEqual(await prosodyNodeprep(release, nodes), nodes);
    for (const [index, node] of nodes.entries()) {
      assert.equal(roomNode(roomNameOf(node)), node, names[index]);
      assert.equal(roomNode(node), node, "the node is a name of its room");
    }
  },
);

prosodyTest(
  "rooms: addresses that were, stay, in whatever case and width they are written",
  async (release) => {
    const names = fc.sample(anyText, 10_000).filter((name) => name.isWellFormed() && !/[\p{C}]/u.test(name));
    const folded = names.map(foldNode);
    const before = await prosodyNodeprep(release, folded.map((node) => node || "x"));
    for (const [index, name] of names.entries()) {
      if (folded[index] !== before[index]) continue;
      for (const variant of [name, name.toUpperCase(), name.toLowerCase(), name.normalize("NFD")]) {
        if (foldNode(variant) === before[index]) assert.equal(roomNode(variant), before[index]);
      }
    }
  },
);

Deno.test("escapes: any text becomes a node, different texts different ones, and comes back", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const node = escapeNode(text);
      assert.ok(text === "" || isNode(node) || node.length > 1023, node);
      assert.equal(unescapeNode(node), text);
    }),
    { numRuns: 5_000 },
  );
});
