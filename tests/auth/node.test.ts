import assert from "node:assert/strict";
import fc from "fast-check";
import { userNode } from "../../auth/node.ts";
import { unescapeNode } from "../../events/node_escape.ts";
import { prosodyNodeprep } from "../harness/prosody_nodeprep.ts";
import { prosodyTest } from "../harness/prosody_releases.ts";
import { anyText } from "../events/any_text.ts";

/** As long as a `sub` may be. */
const anySubject = fc.oneof(anyText, anyText.map((text) => text.repeat(20).slice(0, 255)))
  .filter((text) => text !== "");

prosodyTest("users: of any id, the node is one that Prosody leaves as it is", async (release) => {
  const nodes = await Promise.all(fc.sample(anySubject, 5_000).map(userNode));
  assert.deepEqual(await prosodyNodeprep(release, nodes), nodes);
});

Deno.test("users: different ids are different nodes, the longest as well", async () => {
  const ids = new Set(fc.sample(anySubject, 10_000));
  for (const id of [...ids]) {
    for (
      const other of [
        id.toUpperCase(),
        id.toLowerCase(),
        id.normalize("NFKC"),
        id.trim(),
        unescapeNode(id),
        await userNode(id),
      ]
    ) {
      ids.add(other);
    }
  }
  ids.delete("");
  const nodes = new Set(await Promise.all([...ids].map(userNode)));
  assert.equal(nodes.size, ids.size);
});

Deno.test("users: plain ids in lower case are their own nodes, e-mail addresses by XEP-0106", async () => {
  const expected: Record<string, string> = {
    "ada": "ada",
    "auth0|5f7c8ec7c33c6c004bbafe82": "auth0|5f7c8ec7c33c6c004bbafe82",
    "domain\\user": "domain\\user",
    "ada@example.com": "ada\\40example.com",
    "münchen": "münchen",
    "שלום": "שלום",
    ["x".repeat(255)]: "x".repeat(255),
    "Ada": "{41}da",
    "a\\20b": "a{5c}20b",
    " a": "{20}a",
  };
  for (const [id, node] of Object.entries(expected)) assert.equal(await userNode(id), node);
});
