import assert from "node:assert/strict";
import { allMutants } from "../../scripts/mutants/all.ts";
import { apply } from "../../scripts/mutants/copy.ts";

/** Something that could break a guarantee, as `docs/guarantees.md` has it. */
interface Bullet {
  readonly guarantee: string;
  readonly breaks: string;
  /** Files of tests with the beginnings of names. Without one: the file as a whole. */
  readonly tests: readonly { readonly file: string; readonly name: string | undefined }[];
}

/** The bullets of a section that name tests; those in bold are what is not covered. */
function bulletsOf(section: string): Bullet[] {
  const [guarantee = "", ...lines] = section.split("\n");
  const bullets = lines.join("\n").matchAll(/^- ((?:.+\n?(?! *\n|- ))+.*)/gm).map(([, text]) =>
    text!.replace(/\s+/g, " ").trim()
  );
  return [...bullets].filter((text) => /^[^*]+: .*`/.test(text)).map((text) => ({
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

Deno.test("everything that could break a guarantee has a mutant, which a test named there notices", async () => {
  const mutants = allMutants();
  const keyOf = ({ guarantee, breaks }: { guarantee: string; breaks: string }) => `${guarantee}: ${breaks}`;
  assert.deepEqual(new Set(mutants.map(keyOf)), new Set(bullets.map(keyOf)));
  for (const mutant of mutants) {
    const named = bullets.find((bullet) => keyOf(bullet) === keyOf(mutant))!.tests
      .some(({ file, name = "" }) => file === mutant.test && mutant.name.startsWith(name));
    assert.ok(named, `${keyOf(mutant)} does not name ${mutant.test} "${mutant.name}"`);
    apply(mutant, await Deno.readTextFile(mutant.file));
  }
});
