/**
 * The database as the tasks see it: the one that `DATABASE_URL` names, or the embedded one.
 *
 * @module
 */
import postgres from "postgres";
import type { Settings } from "../config.ts";
import { connect, isUnavailable, type Sql } from "../db/connect.ts";
import { assertFit, createDatabase, databaseName, UnfitDatabase } from "../db/database.ts";
import { migrate } from "../db/migrate.ts";
import { lockDataDir } from "./data_dir_lock.ts";
import { Failure } from "../runtime/failure.ts";
import { startPostgres } from "./postgres.ts";

/**
 * Lends the URL of the database. The embedded PostgreSQL is taken over where it runs, else started and
 * ended again afterwards.
 */
export async function withDatabase<T>(settings: Settings, use: (url: string) => Promise<T>): Promise<T> {
  if (settings.databaseUrl) return await explained(() => use(settings.databaseUrl!));
  using lock = await lockDataDir(settings.dataDir);
  // Somebody else's to start and to end: a `start` at work has it running.
  const mayStart = lock.holder === undefined;
  const server = await startPostgres({ dataDir: settings.dataDir, mayStart, say: console.error });
  try {
    return await explained(() => use(server.url));
  } finally {
    if (!server.adopted) await server.stop();
  }
}

/** Lends a connection. */
export async function withConnection<T>(url: string, use: (sql: Sql) => Promise<T>): Promise<T> {
  // What a task does may take its time: an index over everything, a rebuild.
  const sql = connect(url, { max: 1, name: "talky-task", timeout: 3600 });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Brings a database to the current schema, creating it where it is missing. Returns what it did. */
export function prepareDatabase(url: string): Promise<string[]> {
  return explained(async () => {
    try {
      return await migrated(url);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await createDatabase(url);
      return [`created ${databaseName(url)}`, ...await migrated(url)];
    }
  });
}

// ---

async function migrated(url: string): Promise<string[]> {
  const names = await withConnection(url, async (sql) => {
    await assertFit(sql);
    return await migrate(sql);
  });
  return names.map((name) => `applied ${name}`);
}

const isMissing = (error: unknown) => error instanceof postgres.PostgresError && error.code === "3D000";

/** Turns what the person can put right (the server is away, refuses the login, has no such database) into a line. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) throw new Failure(`${(error as Error).message}: run \`deno task createdb\``);
    if (error instanceof UnfitDatabase) throw new Failure(error.message);
    const isRefused = error instanceof postgres.PostgresError && /^(28|3D|42501)/.test(error.code);
    if (!isRefused && !isUnavailable(error)) throw error;
    throw new Failure(`the database of DATABASE_URL cannot be used: ${(error as Error).message}`);
  }
}
