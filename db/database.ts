/**
 * Creating and dropping the database itself, through the server's maintenance database.
 *
 * @module
 */
import type postgres from "postgres";
import { connect, isUnavailable, type Sql } from "./connect.ts";
import { parseDatabaseUrl } from "./url.ts";

/** The database cannot hold what the service stores. The message says what would. */
export class UnfitDatabase extends Error {
  override name = "UnfitDatabase";
}

/**
 * Creates the database that the URL names, in UTF8 whatever the server's default is. Returns false when it exists
 * already. Rejects with {@link UnfitDatabase} when it does in another encoding.
 */
export function createDatabase(url: string): Promise<boolean> {
  return maintained(url, async (sql, name) => {
    const existing = await sql<{ encoding: string }[]>`
      select pg_encoding_to_char(encoding) as encoding from pg_database where datname = ${name}`;
    if (existing[0]) {
      assertEncoding(existing[0].encoding);
      return false;
    }
    const [server] = await sql`
      select pg_encoding_to_char(encoding) as encoding from pg_database where datname = 'template1'`;
    try {
      // A locale of another encoding than the database's would be refused.
      if (server?.["encoding"] === "UTF8") await sql`create database ${sql(name)}`;
      else await sql`create database ${sql(name)} encoding 'UTF8' locale 'C' template template0`;
      return true;
    } catch (error) {
      // Another starter was faster, by much (42P04) or by little.
      if (["42P04", "23505"].includes((error as postgres.PostgresError).code)) return false;
      throw error;
    }
  });
}

/** Rejects with {@link UnfitDatabase} when a database lacks characters that people write, or transactions. */
export async function assertFit(sql: Sql): Promise<void> {
  const [row] = await sql<[{ encoding: string }]>`select current_setting('server_encoding') as encoding`;
  assertEncoding(row.encoding);
  try {
    await sql.begin((tx) => tx`select 1`);
  } catch (error) {
    // PgBouncer says why and hangs up; the driver hears the second only.
    if (!isUnavailable(error) || (await sql`select 1`).length === 0) throw error;
    throw new UnfitDatabase("it has no transactions: a pooler in front of it is in statement pooling mode");
  }
}

/** Drops the database that the URL names, cutting its connections. Returns false when there was none. */
export function dropDatabase(url: string): Promise<boolean> {
  return maintained(url, async (sql, name) => {
    const existing = await sql`select 1 from pg_database where datname = ${name}`;
    await sql`drop database if exists ${sql(name)} with (force)`;
    return existing.length > 0;
  });
}

/** The name of the database in a URL. Throws where the URL cannot be used. */
export function databaseName(url: string): string {
  return parseDatabaseUrl(url).database;
}

// ---

/** SQL_ASCII keeps bytes as they come, and what we send is UTF-8. */
function assertEncoding(encoding: string): void {
  if (encoding === "UTF8" || encoding === "SQL_ASCII") return;
  throw new UnfitDatabase(
    `the database's encoding is ${encoding}, which lacks characters that rooms and people are called by: ` +
      "it takes UTF8 (create database … encoding 'UTF8' template template0)",
  );
}

async function maintained<T>(url: string, work: (sql: Sql, name: string) => Promise<T>): Promise<T> {
  const name = databaseName(url);
  const sql = connect(url, { max: 1, name: "talky-task", database: "postgres" });
  try {
    return await work(sql, name);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
