import assert from "node:assert/strict";
import { guarantees } from "../../../proof/guarantees.ts";
import { guaranteesPage } from "../../../proof/guarantees_page.ts";
import { allMutants } from "../../../proof/mutants/all.ts";
import { apply } from "../../../proof/mutants/copy.ts";

Deno.test("docs/guarantees.md is written from the guarantees (deno task guarantees)", async () => {
  assert.equal(await Deno.readTextFile("docs/guarantees.md"), await guaranteesPage(guarantees));
});

Deno.test("whatever could break a guarantee has a mutant, and a remark is about one of them", () => {
  for (const { title, mutants, remarks = {} } of guarantees) {
    for (const [breaks, list] of Object.entries(mutants)) assert.ok(list.length > 0, `${title}: ${breaks}`);
    for (const breaks of Object.keys(remarks)) assert.ok(mutants[breaks], `${title}: ${breaks}`);
  }
});

Deno.test("a mutant breaks a line that is there, and its test exists", async () => {
  for (const mutant of allMutants()) {
    apply(mutant, await Deno.readTextFile(mutant.file));
    const tests = await Deno.readTextFile(mutant.test);
    // Where a test is made for several cases, its name has a part that is put in: its beginning will do.
    const starts = [mutant.name, mutant.name.split(" ").slice(0, 3).join(" ")];
    const named = tests.includes(`"${starts[0]}`) || starts.some((start) => tests.includes("`" + start));
    assert.ok(named, `${mutant.test} has no test "${mutant.name}", named for: ${mutant.breaks}`);
  }
});
