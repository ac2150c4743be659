/**
 * Migrations: plain SQL files with their way back, applied in batches, safe with any number of starters
 * at once (an advisory lock). Small on purpose: the kept libraries need a second driver or have no
 * batches (ADR 0005).
 *
 * A file is `YYYYMMDDHHMMSS_name.sql`, with a line `-- migrate:up` and, after it, `-- migrate:down`.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import type { Sql, Transaction } from "./connect.ts";
import { transaction } from "./transaction.ts";

/** A migration file, read. */
export interface Migration {
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/** Applies what has not been applied yet, as one batch in one transaction. Returns the names. */
export function migrate(sql: Sql, migrations?: readonly Migration[]): Promise<string[]> {
  return locked(sql, async (tx, applied, files) => {
    const fresh = files.filter(({ name }) => !applied.some((row) => row.name === name));
    const batch = Math.max(0, ...applied.map((row) => row.batch)) + 1;
    for (const { name, up } of fresh) {
      await tx.unsafe(up);
      await tx`insert into migrations (name, batch) values (${name}, ${batch})`;
    }
    return fresh.map(({ name }) => name);
  }, migrations);
}

/** Undoes the last batch, newest first. Returns the names. */
export function rollback(sql: Sql, migrations?: readonly Migration[]): Promise<string[]> {
  return locked(sql, async (tx, applied, files) => {
    const last = Math.max(0, ...applied.map((row) => row.batch));
    const undone = applied.filter((row) => row.batch === last).map((row) => row.name).reverse();
    for (const name of undone) {
      const file = files.find((candidate) => candidate.name === name);
      if (!file) throw new Error(`cannot roll back ${name}: its file is not in migrations/`);
      await tx.unsafe(file.down);
      await tx`delete from migrations where name = ${name}`;
    }
    return undone;
  }, migrations);
}

/** Whether every migration file has been applied. */
export async function isMigrated(sql: Sql): Promise<boolean> {
  const files = await readMigrations();
  const [found] = await sql`select to_regclass('migrations') is not null as exists`;
  if (!found?.["exists"]) return false;
  const rows = await sql<{ name: string }[]>`select name from migrations`;
  return files.every(({ name }) => rows.some((row) => row.name === name));
}

/** Reads a folder of migrations, in order of their names. */
export async function readMigrations(
  folder = new URL("../migrations/", import.meta.url),
): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{14}_\w+\.sql$/.test(name)).sort();
  return await Promise.all(names.map(async (name) => {
    const text = await readFile(new URL(name, folder), "utf8");
    const parts = /^-- migrate:up$([\s\S]*)^-- migrate:down$([\s\S]*)/m.exec(text);
    if (!parts?.[1] || !parts[2]) {
      throw new Error(`${name} lacks "-- migrate:up" followed by "-- migrate:down"`);
    }
    return { name: name.replace(/\.sql$/, ""), up: parts[1], down: parts[2] };
  }));
}

// ---

interface Applied {
  name: string;
  batch: number;
}

/** Any constant will do, as long as it is ours: "talky" in ASCII. */
const lockKey = 0x74616c6b79;

async function locked(
  sql: Sql,
  work: (tx: Transaction, applied: Applied[], files: readonly Migration[]) => Promise<string[]>,
  migrations?: readonly Migration[],
): Promise<string[]> {
  const files = migrations ?? await readMigrations();
  return await transaction(sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(${lockKey})`;
    await tx`create table if not exists migrations (
      name text primary key, batch integer not null, applied timestamptz not null default now())`;
    const applied = await tx<Applied[]>`select name, batch from migrations order by name`;
    return await work(tx, applied, files);
  });
}
