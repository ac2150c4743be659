import type { Mutants } from "../mutant.ts";

/** Guarantee 3: ids are dense and given in commit order. */
export const ordered: Mutants = {
  "an id is visible before a smaller one": [{
    // As a sequence would: whoever asks first has the smaller id, whoever commits first is visible first.
    file: "db/log.ts",
    find: "update log_head set id = id + ${events.length} returning id - ${events.length} as base",
    replace: "select 1000 * (pg_current_xact_id()::text::bigint - 700) as base",
    test: "tests/db/log.test.ts",
    name: "readers of a log that many write at once",
  }, {
    // Writers take turns, but a sequence does not roll back.
    file: "db/log.ts",
    find: "head.base + e.position",
    replace: "nextval('rejected_id_seq')",
    test: "tests/db/log.test.ts",
    name: "readers of a log that many write at once",
  }, {
    // Nobody waits for anybody.
    file: "db/log.ts",
    find: "update log_head set id = id + ${events.length} returning id - ${events.length} as base",
    replace: "select setval('rejected_id_seq', nextval('rejected_id_seq') + ${events.length} - 1) " +
      "- ${events.length} as base",
    test: "tests/db/log.test.ts",
    name: "an event is not visible before",
  }],

  "a batch is shuffled": [{
    // Sorted by what is not an order: clocks go back.
    file: "db/log.ts",
    find: "head.base + e.position",
    replace: "head.base + row_number() over (order by e.time)",
    test: "tests/db/log.test.ts",
    name: "a transaction's events follow each other",
  }, {
    // Rooms one after the other, each in order: then ids depend on where a batch ends.
    file: "db/store.ts",
    find: "const events = records.map(toEvent);",
    replace: "const events = Map.groupBy(records.map(toEvent), (e) => e.room_id).values().toArray().flat();",
    test: "tests/db/rebuild.test.ts",
    name: "however a history is cut",
  }],

  "a gap after a crash": [{
    // What was being stored when the database went away had its ids already.
    file: "db/log.ts",
    find: "update log_head set id = id + ${events.length} returning",
    replace: "update log_head set " +
      "id = setval('rejected_id_seq', nextval('rejected_id_seq') + ${events.length} - 1) returning",
    test: "tests/system/outage/database.test.ts",
    name: "the database goes away (fast)",
  }, {
    // A crash costs a sequence what it had in reserve: up to 32 ids.
    file: "db/log.ts",
    find: "head.base + e.position",
    replace: "nextval('rejected_id_seq')",
    test: "tests/system/outage/database.test.ts",
    name: "the database goes away (immediate)",
  }],
};
