/**
 * `docs/guarantees.md`, from the guarantees.
 *
 * @module
 */
import type { Guarantee } from "./guarantees.ts";
import type { Mutant } from "./mutants/mutant.ts";

/** The page, in the format of `deno fmt`. */
export async function guaranteesPage(guarantees: readonly Guarantee[]): Promise<string> {
  const text = [beginning, ...guarantees.map(section), end].join("\n\n") + "\n";
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = new Response(child.stdout).text();
  await new Response(text).body!.pipeTo(child.stdin);
  return await output;
}

// ---

const beginning = [
  "<!-- Written by `deno task guarantees` from proof/guarantees.ts: change it there. -->\n",
  "# What is guaranteed, and what shows it\n",
  "Each guarantee in plain words, then what could break it, each with the tests that fail when it does. Tests are",
  "given as file and the beginning of their name. Each has been seen to fail: `deno task mutants` breaks what it",
  "holds (`proof/mutants`), and shows that it notices.",
].join("\n");

const end = [
  "## What chaos has shown\n",
  "`tests/proof/chaos/chaos.test.ts` has every kind of fault once under load. The long run, with its seed and",
  "figures, is in [chaos.md](chaos.md), and what it does not show, too.",
].join("\n");

function section({ title, promise, mutants, remarks = {}, notes = [] }: Guarantee): string {
  const breakages = Object.entries(mutants).map(([breaks, list]) => {
    const remark = remarks[breaks];
    return `- ${breaks}: ${remark ? `${remark}; ` : ""}${testsOf(list)}`;
  });
  const paragraphs = notes.map((note, index) => {
    const follows = note.startsWith("- ") && notes[index - 1]?.startsWith("- ");
    return `${index === 0 || follows ? "" : "\n"}${note}`;
  });
  return [`## ${title}`, promise, breakages.join("\n"), paragraphs.join("\n")].filter((part) => part).join(
    "\n\n",
  );
}

/** The tests that must notice, each file once with the beginnings of names. */
function testsOf(mutants: readonly Mutant[]): string {
  const byFile = Map.groupBy(mutants, ({ test }) => test);
  return [...byFile].map(([file, list]) =>
    `\`${file}\` ${[...new Set(list.map(({ name }) => `"${name}"`))].join(", ")}`
  ).join("; ");
}
