/**
 * The tasks `createdb`, `migrate`, `rollback`, `destroydb`, `restored` and `schema`.
 *
 * @module
 */
import { assertFit, createDatabase, databaseName, dropDatabase } from "../db/database.ts";
import { renewGeneration } from "../db/log.ts";
import { migrate, rollback } from "../db/migrate.ts";
import { dumpSchema } from "../db/schema.ts";
import { withConnection, withDatabase } from "../local/database.ts";
import { loadSettings } from "../runtime/deno/environment.ts";
import { Failure, runTask } from "../runtime/failure.ts";

const tasks: Record<string, (url: string) => Promise<void>> = {
  async createdb(url) {
    const name = databaseName(url);
    console.log(await createDatabase(url) ? `created ${name}` : `${name} exists already`);
  },

  async migrate(url) {
    list(
      "applied",
      await withConnection(url, async (sql) => {
        await assertFit(sql);
        return await migrate(sql);
      }),
    );
  },

  async rollback(url) {
    list("undone", await withConnection(url, (sql) => rollback(sql)));
  },

  async destroydb(url) {
    const name = databaseName(url);
    confirm(name);
    console.log(await dropDatabase(url) ? `destroyed ${name}` : `there is no ${name}`);
  },

  /** After a restore ids are given again: so that no reader takes them for those it had. */
  async restored(url) {
    const generation = await withConnection(url, renewGeneration);
    console.log(
      `the log is generation ${generation} now: readers are told that their cursors are of another one`,
    );
  },

  /** From a database of its own, so that the developer's may be in any state. */
  async schema(url) {
    const scratch = new URL(url);
    scratch.pathname = "/talky_schema";
    await createDatabase(scratch.href);
    try {
      await withConnection(scratch.href, async (sql) => {
        await migrate(sql);
        await Deno.writeTextFile("migrations/schema.sql", await dumpSchema(sql));
      });
    } finally {
      await dropDatabase(scratch.href);
    }
    console.log("wrote migrations/schema.sql");
  },
};

function list(verb: string, names: readonly string[]): void {
  console.log(names.length === 0 ? `nothing ${verb}` : names.map((name) => `${verb} ${name}`).join("\n"));
}

/** Lets only someone who means it go on. */
function confirm(name: string): void {
  if (Deno.args.includes("--yes")) return;
  if (!Deno.stdin.isTerminal()) {
    throw new Failure(`destroying ${name} is not done without asking, and there is no terminal: pass --yes`);
  }
  if (prompt("Type the database's name to destroy it:") !== name) {
    throw new Failure(`${name} is left as it is`);
  }
}

if (import.meta.main) {
  await runTask(async () => {
    const task = tasks[Deno.args[0] ?? ""];
    if (!task) throw new Failure(`takes one of ${Object.keys(tasks).join(", ")}`);
    const settings = loadSettings();
    await withDatabase(settings, task);
  });
}
