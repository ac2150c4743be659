/**
 * Creating and dropping the database itself, through the server's maintenance database.
 *
 * @module
 */
import type postgres from "postgres";
import { connect, type Sql } from "./connect.ts";

/** Creates the database that the URL names. Answers false when it exists already. */
export function createDatabase(url: string): Promise<boolean> {
  return maintained(url, async (sql, name) => {
    const existing = await sql`select 1 from pg_database where datname = ${name}`;
    if (existing.length > 0) return false;
    try {
      await sql`create database ${sql(name)}`;
      return true;
    } catch (error) {
      // Another starter was faster, by much (42P04) or by little.
      if (["42P04", "23505"].includes((error as postgres.PostgresError).code)) return false;
      throw error;
    }
  });
}

/** Drops the database that the URL names, cutting its connections. Answers false when there was none. */
export function dropDatabase(url: string): Promise<boolean> {
  return maintained(url, async (sql, name) => {
    const existing = await sql`select 1 from pg_database where datname = ${name}`;
    await sql`drop database if exists ${sql(name)} with (force)`;
    return existing.length > 0;
  });
}

/** The name of the database in a URL. Throws where there is none. */
export function databaseName(url: string): string {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  if (!name) throw new Error("DATABASE_URL names no database: it takes postgres://user:password@host/NAME");
  return name;
}

// ---

async function maintained<T>(url: string, work: (sql: Sql, name: string) => Promise<T>): Promise<T> {
  const name = databaseName(url);
  const server = new URL(url);
  server.pathname = "/postgres";
  const sql = connect(server.href, { max: 1 });
  try {
    return await work(sql, name);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
