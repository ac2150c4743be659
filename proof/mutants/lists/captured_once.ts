import { keptInTheOutbox } from "./kept_in_the_outbox.ts";
import type { Mutants } from "../mutant.ts";
import { outlived } from "./outlived.ts";

/** The promise of a submission settles with its handing over. */
const answeredAtOnce = {
  file: "ingest/recorder.ts",
  find: "const receipts = await port.store(group.map(({ submission }) => submission));\n" +
    "        group.forEach(({ resolve }, i) => resolve(receipts[i]!));",
  replace: "const storing = port.store(group.map(({ submission }) => submission));\n" +
    "        group.forEach(({ resolve }) => resolve({}));\n" +
    "        await storing;",
};

/** Guarantee 1: what Prosody says happened is in the log exactly once. */
export const capturedOnce: Mutants = {
  ...keptInTheOutbox,
  ...outlived,

  "the API is killed, or away for a while": [{
    // Taken for where to go on, and not for what is there.
    file: "db/sources.ts",
    find: "source, epoch, seq from sources",
    replace: "source, epoch, seq + 1 as seq from sources",
    test: "tests/system/end_to_end/simulation.test.ts",
    name: "the API killed in the middle of calls",
  }, {
    // A new subscription is not a new Prosody.
    file: "db/store.ts",
    find: "const corrections = before === 0 ?",
    replace: "const corrections = before === 0 || run.resumes ?",
    test: "tests/system/end_to_end/simulation.test.ts",
    name: "the API killed in the middle of calls",
  }],

  "a batch is acknowledged before it is stored": [{
    ...answeredAtOnce,
    test: "tests/ingest/recorder.test.ts",
    name: "what arrives together is stored together",
  }, {
    // A failure still breaks the connection, but the outbox has forgotten the batch by then.
    file: "ingest/outbox_connection.ts",
    find: "await storing;",
    replace: "storing.catch(this.#broken.reject);",
    test: "tests/ingest/prosody_session.test.ts",
    name: "batches that could not be stored come again",
  }],

  "a batch comes twice": [{
    // As upserts usually are. It puts the position back to its default.
    file: "db/store.ts",
    find: "do update set seq = sources.seq",
    replace: "do update set seq = excluded.seq",
    test: "tests/db/store.test.ts",
    name: "a batch that comes twice at once",
  }, {
    // Reads without a lock. The first of an epoch still waits for its twin, which inserts the row.
    file: "db/store.ts",
    find: "do update set seq = sources.seq\n    returning seq`;\n  return row.seq;",
    replace: "do nothing returning seq`;\n" +
      "  if (row) return row.seq;\n" +
      "  return (await tx`select seq from sources where source = ${source} and epoch = ${epoch}`)[0].seq;",
    test: "tests/db/store.test.ts",
    name: "a batch that comes twice at once",
  }, {
    file: "db/store.ts",
    find: "if (seq <= stored) return false;",
    replace: "if (seq < stored) return false;",
    test: "tests/db/store.test.ts",
    name: "batches that overlap",
  }, {
    // Enough for one run; those of a group are joined, and overlap each other.
    file: "db/store.ts",
    find: "if (seq <= stored) return false;",
    replace: "if (seq <= before) return false;",
    test: "tests/db/store.test.ts",
    name: "batches that overlap",
  }],

  "a batch overtakes one that failed": [{
    file: "ingest/recorder.ts",
    find: "return !broken.has(source);",
    replace: "return true;",
    test: "tests/ingest/recorder.test.ts",
    name: "a batch behind one that failed",
  }, {
    // Stops what comes later, and forgets what waits already.
    file: "ingest/recorder.ts",
    find: "const behind = queue.filter((waiting) => isOutboxOf(waiting.submission, submission.source));",
    replace: "const behind: Waiting[] = [];",
    test: "tests/ingest/recorder.test.ts",
    name: "a batch behind one that failed",
  }, {
    // Records are numbered within an epoch, and epochs follow each other all the same.
    file: "ingest/recorder.ts",
    find: "queue.filter((waiting) => isOutboxOf(waiting.submission, submission.source));",
    replace: "queue.filter((waiting) => isOutboxOf(waiting.submission, submission.source) && " +
      "waiting.submission.epoch === submission.epoch);",
    test: "tests/ingest/recorder.test.ts",
    name: "the last of an epoch failed",
  }, {
    // Finds what is missing within a run, and not before it.
    file: "db/store.ts",
    find: "if (last.seq - earliest.seq >= fresh.length || (earliest.seq > before + 1 && !run.resumes)) {",
    replace: "if (last.seq - earliest.seq >= fresh.length) {",
    test: "tests/db/store.test.ts",
    name: "a batch that leaves a gap",
  }],

  "the database goes away": [{
    // Claimed though its batch is not stored: the client that comes again hears that it is.
    file: "db/store.ts",
    find: "await claimKey(tx, submission.sessionid, submission.once);",
    replace: "await claimKey(sql, submission.sessionid, submission.once);",
    test: "tests/system/outage/database.test.ts",
    name: "the database goes away (fast)",
  }, {
    ...answeredAtOnce,
    test: "tests/system/outage/database.test.ts",
    name: "the database goes away (immediate)",
  }, {
    // The one that resumes is judged by what was before it.
    file: "ingest/recorder.ts",
    find: "if (resumes) broken.delete(source);\n    return !broken.has(source);",
    replace:
      "const follows = !broken.has(source);\n    if (resumes) broken.delete(source);\n    return follows;",
    test: "tests/ingest/recorder.test.ts",
    name: "the database is away",
  }, {
    // What is gone is lent again and again.
    file: "db/pool.ts",
    find: "if (!connection.isOpen()) return this.#forget(connection);",
    replace: "",
    test: "tests/system/chaos/connection_loss.test.ts",
    name: "a transaction that loses its connection",
  }],

  "the database is another one for a while": [{
    // The first that answers is good enough.
    file: "db/pool.ts",
    find: "if (!connection.readOnly) {",
    replace: "if (connection) {",
    test: "tests/system/deployments/failover.test.ts",
    name: "several hosts in the URL",
  }, {
    file: "runtime/assemble.ts",
    find: "if (!writable) throw readOnly();",
    replace: "",
    test: "tests/system/deployments/failover.test.ts",
    name: "an address that leads to a standby",
  }],

  "the database does not answer, and does not go": [{
    // Waits for ever.
    file: "db/connection.ts",
    find: "if (this.#underWay.size === 1) this.#watch();",
    replace: "",
    test: "tests/system/deployments/half_open.test.ts",
    name: "the way to the database stops",
  }, {
    // Nobody tells the server.
    file: "db/connection.ts",
    find: "if (key?.pid) void cancel(this.#host, key);",
    replace: "",
    test: "tests/system/deployments/half_open.test.ts",
    name: "a statement that takes too long",
  }],

  "a pooler hands a session's statements to several servers": [{
    // Prepared by names that the next server has not heard of.
    file: "db/connection.ts",
    find: "this.#client.options.prepare = !this.#pooled;",
    replace: "this.#client.options.prepare = true;",
    test: "tests/system/deployments/matrix.test.ts",
    name: "PostgreSQL",
  }],

  "a client repeats its telemetry": [{
    // Answered as the first was, and stored all the same.
    file: "db/store.ts",
    find: "receipts.set(submission, { earlier });\n          continue;",
    replace: "receipts.set(submission, { earlier });",
    test: "tests/routes/telemetry.test.ts",
    name: "a batch retried under its key",
  }],
};
