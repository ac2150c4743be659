/**
 * `deno task guarantees`: writes `docs/guarantees.md` from `proof/guarantees.ts`.
 *
 * @module
 */
import { guarantees } from "../proof/guarantees.ts";
import { guaranteesPage } from "../proof/guarantees_page.ts";
import { runTask } from "../runtime/failure.ts";

await runTask(async () => await Deno.writeTextFile("docs/guarantees.md", await guaranteesPage(guarantees)));
