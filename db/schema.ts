/**
 * The effective schema as text, from PostgreSQL's own catalogue: what `migrations/schema.sql` holds, so
 * that a reader sees the tables as they are and a test sees when a migration changes them.
 *
 * @module
 */
import type { Sql } from "./connect.ts";

/** Writes every table, index and function of the public schema, in order of their names. */
export async function dumpSchema(sql: Sql): Promise<string> {
  const [tables, constraints, indexes, functions] = await Promise.all([
    sql<{ name: string; columns: string }[]>`
      select c.relname as name, string_agg(format('  %I %s%s%s', a.attname,
          format_type(a.atttypid, a.atttypmod),
          case when a.attnotnull then ' not null' else '' end,
          case when a.attidentity <> '' then ' generated always as identity'
               when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end),
        E',\n' order by a.attnum) as columns
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      group by c.relname order by c.relname`,
    sql<{ text: string }[]>`
      select format('alter table %s add constraint %I %s;', conrelid::regclass, conname,
        pg_get_constraintdef(oid)) as text
      from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
      order by conrelid::regclass::text, conname`,
    sql<{ text: string }[]>`
      select indexdef || ';' as text from pg_indexes i where schemaname = 'public'
        and not exists (select from pg_constraint where conname = i.indexname)
      order by tablename, indexname`,
    sql<{ text: string }[]>`
      select pg_get_functiondef(oid) || ';' as text from pg_proc
      where pronamespace = 'public'::regnamespace order by proname, oid`,
  ]);
  return [
    "-- Written by `deno task schema` from a migrated database. Do not edit.",
    ...tables.map(({ name, columns }) => `create table ${name} (\n${columns}\n);`),
    ...constraints.map(({ text }) => text),
    ...indexes.map(({ text }) => text),
    ...functions.map(({ text }) => text.replace(/\s+;$/, ";")),
  ].join("\n\n") + "\n";
}
