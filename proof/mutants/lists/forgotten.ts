import type { Mutants } from "../mutant.ts";

const readers = "tests/stream/retention.test.ts";
const retention = "tests/db/retention.test.ts";

/** Guarantee 11: what is older than is kept goes, and nobody passes over it. */
export const forgotten: Mutants = {
  "events go before anybody could hear of it": [{
    file: "db/retention.ts",
    find: "select id from events where id < (select earliest from log_head) order by id",
    replace: "select id from events where id <= (select max(head) from log_marks " +
      "where time < now() - interval '4 days') order by id",
    test: retention,
    name: "events are forgotten by the time of storing",
  }],
  "what is held goes, or what is not held stays": [{
    file: "db/retention.ts",
    find: "const upTo = held !== null && held < due ? held : due;",
    replace: "const upTo = due;",
    test: retention,
    name: "a hold keeps what comes after it",
  }, {
    // The newest hold is not the one that holds.
    file: "db/retention.ts",
    find: "order by after, name limit 1",
    replace: "order by after desc, name limit 1",
    test: retention,
    name: "a hold keeps what comes after it",
  }],
  "a room or a session goes that the log tells of": [{
    file: "db/retention.ts",
    find: "and not exists (select from events where room_id = r.id) limit 500",
    replace: "limit 500",
    test: retention,
    name: "rooms and sessions follow their events",
  }],
  "a reader is carried over what is gone": [{
    file: "stream/reader.ts",
    find: "        this.loseBefore(earliest);\n        if (this.#removed) return;\n",
    replace: "",
    test: readers,
    name: "a page that was read while its events went",
  }, {
    file: "stream/hub.ts",
    find: "for (const reader of [...this.#readers]) reader.loseBefore(earliest);",
    replace: "",
    test: readers,
    name: "events go while readers read",
  }],
  "an export is carried over what is gone": [{
    file: "db/events.ts",
    find: "if (earliest > keptFrom && isBefore) throw new ForgottenMeanwhile();",
    replace: "",
    test: "tests/db/export_retention.test.ts",
    name: "an export is broken off where its events are forgotten meanwhile (asc)",
  }, {
    file: "db/events.ts",
    find: '(order === "asc" || count < limit)',
    replace: 'order === "asc"',
    test: "tests/db/export_retention.test.ts",
    name: "an export is broken off where its events are forgotten meanwhile (desc)",
  }],
};
