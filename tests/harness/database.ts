/**
 * A database of one's own for a test: cloned from a template that is migrated once per run.
 *
 * @module
 */
import { connect, type Sql } from "../../db/connect.ts";
import { createDatabase, dropDatabase } from "../../db/database.ts";
import { migrate } from "../../db/migrate.ts";

/** An empty database with the current schema. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly sql: Sql;
  /** Cuts every connection to it and removes it. */
  drop(): Promise<void>;
}

/** Clones a fresh database. Needs the PostgreSQL that `deno task test` brings. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const server = connect(urlOf("postgres"), { max: 1 });
  try {
    // A template in use cannot be cloned; so test files that run side by side take turns.
    await server`select pg_advisory_lock(hashtext(${template}))`;
    await createDatabase(urlOf(template));
    const sql = connect(urlOf(template), { max: 1 });
    await migrate(sql).finally(() => sql.end());
    await server`create database ${server(name)} template ${server(template)}`;
  } finally {
    await server.end();
  }

  const url = urlOf(name);
  const sql = connect(url, { max: 5, name: "talky-test" });
  const drop = async () => {
    await sql.end({ timeout: 1 });
    await dropDatabase(url);
  };
  return { url, sql, drop, [Symbol.asyncDispose]: drop };
}

// ---

const template = "talky_template";

function urlOf(database: string): string {
  const given = Deno.env.get("TALKY_TEST_POSTGRES");
  if (!given) throw new Error("TALKY_TEST_POSTGRES is not set: run the tests with `deno task test`");
  const url = new URL(given);
  url.pathname = `/${database}`;
  return url.href;
}
