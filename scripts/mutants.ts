/**
 * `deno task mutants`: breaks the product once for everything that could break a guarantee
 * (`docs/guarantees.md`), and shows that the test named there fails then, and passes otherwise. With a word:
 * only mutants whose breakage, file or test has it.
 *
 * @module
 */
import { Failure, runTask } from "../runtime/failure.ts";
import { allMutants, type NamedMutant } from "../proof/mutants/all.ts";
import { copySources } from "../proof/mutants/copy.ts";
import { type Outcome, runTest } from "../proof/mutants/run_test.ts";
import { requireProsody } from "../local/install_prosody.ts";
import { startTestPostgres } from "../local/test_postgres.ts";
import { StopRequests } from "../local/stop_requests.ts";

/** What became of a mutant: only `killed` is good. */
type Fate = "killed" | "survived" | "no proof: the test fails without it";

if (import.meta.main) {
  await runTask(async () => {
    const [word = ""] = Deno.args;
    const mutants = allMutants().filter((mutant) => textOf(mutant).includes(word));
    if (mutants.length === 0) throw new Failure(`no mutant has ${JSON.stringify(word)} in it`);
    const requests = new StopRequests();
    const { killed, alive } = await hunt(mutants, requests);
    const untried = mutants.length - killed - alive;
    console.log(`\n${killed} killed, ${alive} alive${untried > 0 ? `, ${untried} untried` : ""}`);
    Deno.exit(killed === mutants.length ? 0 : 1);
  });
}

/**
 * Tries them one after the other, for tests side by side would disturb each other. Returns how many were
 * killed, and how many not.
 */
async function hunt(
  mutants: readonly NamedMutant[],
  requests: StopRequests,
): Promise<{ killed: number; alive: number }> {
  await requireProsody(console.error);
  await using postgres = await startTestPostgres();
  await using copy = await copySources();
  const healthy = new Map<string, Outcome>();
  let [killed, alive] = [0, 0];
  for (const [index, mutant] of mutants.entries()) {
    if (requests.pending) break;
    const key = `${mutant.test} ${mutant.name}`;
    const place = { folder: copy.path, postgres: postgres.url, test: mutant.test, name: mutant.name };
    const before = healthy.get(key) ?? await runTest(place);
    healthy.set(key, before);
    const after = await copy.mutated(mutant, () => runTest(place));
    const fate = fateOf(before, after);
    if (fate === "killed") killed++;
    else alive++;
    const mark = fate === "killed" ? "✓" : "✗";
    console.log(`${mark} ${index + 1}/${mutants.length} ${textOf(mutant)}: ${fate}`);
    if (fate !== "killed") console.log(fate === "survived" ? after.output : before.output);
  }
  return { killed, alive };
}

function fateOf(before: Outcome, after: Outcome): Fate {
  if (before.verdict !== "passed") return "no proof: the test fails without it";
  return after.verdict === "failed" ? "killed" : "survived";
}

function textOf({ guarantee, breaks, file, test, name }: NamedMutant): string {
  return `${guarantee} · ${breaks} · ${file} · ${test} "${name}"`;
}
