import type { Mutants } from "../mutant.ts";

/** Guarantee 9: what a query costs follows what it returns. */
export const flat: Mutants = {
  "a filter, or several together, has a plan that walks the table": [{
    file: "db/event_selection.ts",
    // All blocks of a span, and not those that have such events.
    find: "await findBlocks(sql, { types, from,",
    replace: "await findBlocks(sql, { from,",
    test: "tests/routes/flat.test.ts",
    name: "every list by every combination",
  }],
  "a span of time misses what came by a wrong clock, or before the table that finds it": [{
    file: "db/event_times.ts",
    find: "where untimed > 0 limit $7)",
    replace: "where untimed < 0 limit $7)",
    test: "tests/db/event_times.test.ts",
    name: "whatever span of time and types",
  }],
};
