import assert from "node:assert/strict";
import { allMutants } from "../../../proof/mutants/all.ts";
import { apply } from "../../../proof/mutants/copy.ts";

/** Something that could break a guarantee, as `docs/guarantees.md` has it. */
interface Bullet {
  readonly guarantee: string;
  readonly breaks: string;
  /** Files of tests with the beginnings of names. Without one: the file as a whole. */
  readonly tests: readonly { readonly file: string; readonly name: string | undefined }[];
}

/** The bullets of a section that name tests. */
function bulletsOf(section: string): Bullet[] {
  const [guarantee = "", ...lines] = section.split("\n");
  const bullets = lines.join("\n").matchAll(/^- ((?:.+\n?(?! *\n|- ))+.*)/gm).map(([, text]) =>
    text!.replace(/\*\*|\s+/g, (found) => found === "**" ? "" : " ").trim()
  );
  return [...bullets].filter((text) => /:.*`.*(\.test\.ts|_spec\.lua)`/.test(text)).map((text) => ({
    guarantee,
    breaks: text.slice(0, text.indexOf(":")),
    tests: [...testsOf(text)],
  }));
}

function* testsOf(text: string) {
  let file: string | undefined;
  for (const [, path, name] of text.matchAll(/`([\w/]+(?:\.test\.ts|_spec\.lua))`|"([^"]+)"/g)) {
    if (path) {
      file = path.includes("/") ? path : `prosody/spec/${path}`;
      yield { file, name: undefined };
    } else if (file) {
      yield { file, name };
    }
  }
}

const bullets = (await Deno.readTextFile("docs/guarantees.md")).split(/^## /m).slice(1).flatMap(bulletsOf);

Deno.test("the tests that guarantees name exist", async () => {
  assert.ok(bullets.length > 40);
  for (const { breaks, tests } of bullets) {
    assert.ok(tests.length > 0, breaks);
    for (const { file, name = "" } of tests) {
      const text = await Deno.readTextFile(file);
      assert.ok(
        text.includes(`"${name}`) || text.includes("`" + name),
        `${file} has no test "${name}", named for: ${breaks}`,
      );
    }
  }
});

/** Its faults are those of the others, together; alone it takes minutes to fail. */
const withoutMutant = "tests/proof/chaos/chaos.test.ts";

Deno.test("everything that could break a guarantee has mutants, one for each test that must notice", async () => {
  const mutants = allMutants();
  const keyOf = ({ guarantee, breaks }: { guarantee: string; breaks: string }) => `${guarantee}: ${breaks}`;
  assert.deepEqual(new Set(mutants.map(keyOf)), new Set(bullets.map(keyOf)));
  for (const bullet of bullets) {
    const own = mutants.filter((mutant) => keyOf(mutant) === keyOf(bullet));
    const notices = (file: string, name = "") => (mutant: { test: string; name: string }) =>
      mutant.test === file && mutant.name.startsWith(name);
    for (const { file, name } of bullet.tests) {
      const has = own.some(notices(file, name));
      assert.ok(has || file === withoutMutant, `${keyOf(bullet)}: no mutant for ${file} "${name ?? ""}"`);
    }
    for (const mutant of own) {
      const named = bullet.tests.some(({ file, name }) => notices(file, name)(mutant));
      assert.ok(named, `${keyOf(bullet)} does not name ${mutant.test} "${mutant.name}"`);
      apply(mutant, await Deno.readTextFile(mutant.file));
    }
  }
});
