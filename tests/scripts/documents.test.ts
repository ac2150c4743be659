import assert from "node:assert/strict";

Deno.test("files of tests that documents name are there", async () => {
  const documents = ["README.md", "CONTRIBUTING.md"];
  for await (const { name } of Deno.readDir("docs")) {
    if (name.endsWith(".md")) documents.push(`docs/${name}`);
  }
  let found = 0;
  for (const document of documents) {
    const text = await Deno.readTextFile(document);
    // Capitals stand for a name.
    for (const [, path] of text.matchAll(/`((?:tests|prosody\/spec)\/[a-z0-9_./-]+)`/g)) {
      await assert.doesNotReject(Deno.stat(path!), `${document} names ${path}`);
      found++;
    }
  }
  assert.ok(found > 100);
});
