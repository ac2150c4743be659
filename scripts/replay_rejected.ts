/**
 * `deno task replay-rejected`: stores what was refused and is valid now, and says of the rest why it is not.
 * `GET /rejected` lists what there is.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { findRefused, type RefusedQuery, replay } from "../db/replay.ts";
import { reread } from "../ingest/reread.ts";
import { withConnection, withDatabase } from "../local/database.ts";
import { loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";

const usage = "takes one of --id N, --code X and --all";

function readArguments(): RefusedQuery {
  const { id, code, all } = parse();
  if ([id, code, all].filter((given) => given !== undefined).length !== 1) throw new Failure(usage);
  if (id !== undefined && !/^[1-9]\d{0,15}$/.test(id)) {
    throw new Failure(`--id is wrong: got "${id}"; it takes the number of a refusal`);
  }
  return { id: id === undefined ? undefined : Number(id), code };
}

function parse() {
  try {
    return parseArgs({
      args: Deno.args,
      options: { id: { type: "string" }, code: { type: "string" }, all: { type: "boolean" } },
    }).values;
  } catch (error) {
    throw new Failure(`${(error as Error).message} (${usage})`);
  }
}

async function replayAll(url: string, query: RefusedQuery): Promise<void> {
  const counts = { stored: 0, refused: 0 };
  await withConnection(url, async (sql) => {
    const ids = await findRefused(sql, query);
    if (ids.length === 0 && query.id !== undefined) throw new Failure(`there is no refusal ${query.id}`);
    for (const id of ids) {
      const outcome = await replay(sql, id, reread);
      if (outcome === "gone") continue;
      if (outcome === "stored") counts.stored++;
      else counts.refused++;
      console.log(outcome === "stored" ? `${id} stored` : `${id} ${outcome.code}: ${outcome.message}`);
    }
  });
  console.log(`${counts.stored} stored, ${counts.refused} still refused`);
}

if (import.meta.main) {
  await runTask(async () => {
    const query = readArguments();
    await withDatabase(loadSettings(), (url) => replayAll(url, query));
  });
}
