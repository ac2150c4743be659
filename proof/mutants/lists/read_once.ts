import type { Mutants } from "../mutant.ts";

/** Guarantee 6: a reader with a cursor gets every event that matches, once, in order. */
export const readOnce: Mutants = {
  "the seam between history and live": [{
    // The last event of the history is taken for the first of what is live.
    file: "db/log.ts",
    find: "undefined : upTo + 1",
    replace: "undefined : upTo",
    test: "tests/stream/hub.test.ts",
    name: "from any cursor",
  }, {
    // Looks at the ring from its second event on, as if the first were the cursor's.
    file: "stream/ring.ts",
    find: "buildStep(events, after - (head - events.length), filter",
    replace: "buildStep(events, Math.max(1, after - (head - events.length)), filter",
    test: "tests/stream/hub.test.ts",
    name: "from any cursor",
  }, {
    // A full page looks like the last one.
    file: "stream/reader.ts",
    find: "events.length < frameEvents &&",
    replace: "events.length <= frameEvents &&",
    test: "tests/stream/hub.test.ts",
    name: "what the ring has forgotten",
  }, {
    // The head has moved on while the page was read.
    file: "stream/reader.ts",
    find: "? upTo : frame.at(-1)!.id",
    replace: "? this.#context.ring.head : frame.at(-1)!.id",
    test: "tests/stream/hub.test.ts",
    name: "what the ring has forgotten",
  }, {
    // Readers at one cursor share their frames, whatever each of them asks for.
    file: "stream/ring.ts",
    find: "`${encoding.key} ${after} ${filter.key}`",
    replace: "`${encoding.key} ${after}`",
    test: "tests/stream/readers_property.test.ts",
    name: "every reader, from anywhere",
  }, {
    // Some frames are left out, as of a video.
    file: "stream/reader.ts",
    find: "this.#cursor = through;\n      if (frame !== null) this.#send(frame);",
    replace: "this.#cursor = through;\n" +
      "      if (frame !== null && this.#sink.buffered() < congested / 2) this.#send(frame);",
    test: "tests/stream/readers_property.test.ts",
    name: "every reader, from anywhere",
  }],

  "a wakeup is missed": [{
    // Whoever wakes it while it reads is forgotten with those who woke it before.
    file: "stream/hub.ts",
    find: "} while (page.length === pageSize && !this.#stopped);",
    replace: "} while (page.length === pageSize && !this.#stopped);\n        this.#wokenAgain = false;",
    test: "tests/stream/wakeup.test.ts",
    name: "an append that is announced while the log is being read",
  }, {
    // The driver listens again by itself, but what was announced meanwhile is gone.
    file: "db/wakeup.ts",
    find: "await listen();\n    onAppend();",
    replace: "await listen();",
    test: "tests/stream/outage.test.ts",
    name: "the listening connection is killed",
  }],

  "the database goes away": [{
    // Polls once, not again and again; while it is woken, nobody notices.
    file: "stream/hub.ts",
    find: "this.#polling = setInterval(",
    replace: "this.#polling = setTimeout(",
    test: "tests/stream/outage.test.ts",
    name: "the database is away",
  }, {
    // A page that failed counts as under way for ever.
    file: "stream/reader.ts",
    find: "      this.#paging = false;\n      // `tend` tries again.",
    replace: "      // `tend` tries again.",
    test: "tests/stream/outage.test.ts",
    name: "readers whose page fails",
  }, {
    // Sends readers away, to come back when the log can be read. They need not notice at all.
    file: "stream/hub.ts",
    find: "      onTrouble(error);\n    } finally {",
    replace: "      onTrouble(error);\n" +
      '      for (const reader of this.#readers) reader.close(closing("overloaded", "later"));\n' +
      "    } finally {",
    test: "tests/system/outage/database.test.ts",
    name: "the database goes away (fast)",
  }, {
    // The hub's own reading counts as under way for ever, so that waking and polling wait for it.
    file: "stream/hub.ts",
    find: "      onTrouble(error);\n    } finally {\n      this.#following = undefined;\n    }",
    replace: "      onTrouble(error);\n      return;\n    }\n    this.#following = undefined;",
    test: "tests/system/outage/database.test.ts",
    name: "the database goes away (immediate)",
  }],

  "a reader comes back, or moves": [{
    // A browser repeats the query as it was, and says by the header where it is.
    file: "stream/subscription.ts",
    find: `lastEventId || query.get("lastEventId") || query.get("after")`,
    replace: `query.get("after") ?? lastEventId ?? null`,
    test: "tests/stream/sse.test.ts",
    name: "a reader that comes back",
  }, {
    // Saves a question for each reader. What one instance has sent another may not have seen.
    file: "stream/hub.ts",
    find: "const bounds = await this.#inTurns.bounds();",
    replace: "const bounds = { head: this.#ring.head, earliest: 1, generation: this.#context.generation };",
    test: "tests/system/end_to_end/two_instances.test.ts",
    name: "fifty readers",
  }, {
    // Goes on from what this instance knows, and sends again what another had sent already.
    file: "stream/reader.ts",
    find: "this.#cursor = options.after;",
    replace: "this.#cursor = Math.min(options.after, context.ring.head);",
    test: "tests/system/end_to_end/two_instances.test.ts",
    name: "fifty readers",
  }, {
    // Takes the cursor for the next one to read. Seen only where what is live begins behind a history.
    file: "stream/reader.ts",
    find: "? upTo : frame.at(-1)!.id",
    replace: "? upTo + 1 : frame.at(-1)!.id",
    test: "tests/runtime/workers/worker.test.ts",
    name: "a reader moves",
  }],

  "others' libraries read it": [{
    // What the polyfill says in the URL will do.
    file: "stream/subscription.ts",
    find: `lastEventId || query.get("lastEventId") || query.get("after")`,
    replace: `query.get("lastEventId") || query.get("after")`,
    test: "tests/stream/event_source.test.ts",
    name: "EventSource libraries have every event",
  }, {
    // One schema for every list.
    file: "routes/lists.ts",
    find: "next: next.nullable().openapi(",
    replace: "next: z.union([next, z.string(), z.int()]).nullable().openapi(",
    test: "tests/routes/generated/generated_clients.test.ts",
    name: "a client generated by",
  }],

  "a slow reader hinders others": [{
    file: "stream/reader.ts",
    find: "this.#cursor < ring.head && this.#sink.buffered() < congested",
    replace: "this.#cursor < ring.head",
    test: "tests/stream/hub.test.ts",
    name: "a reader that takes nothing",
  }, {
    // What was read and did not fit into the frame is passed over.
    file: "stream/reader.ts",
    find: "? upTo : frame.at(-1)!.id",
    replace: "? upTo : events.at(-1)!.id",
    test: "tests/stream/hub.test.ts",
    name: "a reader that takes nothing",
  }, {
    // Below the mark it does no harm.
    file: "stream/reader.ts",
    find: "if (buffered > 0 && now - this.#lastTaken",
    replace: "if (buffered >= congested && now - this.#lastTaken",
    test: "tests/stream/hub.test.ts",
    name: "a reader that makes no progress",
  }, {
    // The closed socket will say so, and take it off.
    file: "stream/reader.ts",
    find: "    this.remove();\n    this.#context.onClosed(reason);",
    replace: "    this.#context.onClosed(reason);",
    test: "tests/stream/hub.test.ts",
    name: "a reader that makes no progress",
  }],

  "a sink calls back, or is gone": [{
    // The cursor that a send has set is set back after it.
    file: "stream/reader.ts",
    find: "this.#cursor = through;\n      if (frame !== null) this.#send(frame);",
    replace: "if (frame !== null) this.#send(frame);\n      this.#cursor = through;",
    test: "tests/stream/called_back.test.ts",
    name: "whatever sinks do",
  }, {
    file: "stream/reader.ts",
    find: "// It is closed already, without our knowing.",
    replace: 'throw new Error("closed already");',
    test: "tests/stream/called_back.test.ts",
    name: "a hub that stops",
  }],

  "a subscription changes under way": [{
    file: "stream/reader.ts",
    find: "if (changes === this.#changes) {\n        this.loseBefore",
    replace: "{\n        this.loseBefore",
    test: "tests/stream/resubscribe.test.ts",
    name: "a page under way when the subscription changes",
  }, {
    // Whoever comes back is served anew; this one has not gone.
    file: "stream/reader.ts",
    find: "this.#context.onTrouble(error);\n      return;",
    replace: "this.#context.onTrouble(error);\n" +
      '      return this.close(closing("overloaded", "reconnect later"));',
    test: "tests/stream/resubscribe.test.ts",
    name: "a page that cannot be read is read again",
  }, {
    // The page under way is taken for the new subscription's.
    file: "stream/reader.ts",
    find: "    this.#changes++;\n    this.#filter = filter;\n    this.#cursor = after;",
    replace: "    this.#filter = filter;\n    this.#cursor = after;",
    test: "tests/stream/resubscribe.test.ts",
    name: "a reader that changes its mind",
  }, {
    // A cursor only ever moves on.
    file: "stream/reader.ts",
    find: "this.#cursor = after;",
    replace: "this.#cursor = Math.max(this.#cursor, after);",
    test: "tests/stream/resubscribe.test.ts",
    name: "a reader that changes its mind",
  }],

  "the database was restored, and ids are given again": [{
    file: "stream/subscription.ts",
    find: "if (generation !== undefined && generation !== log.generation) {",
    replace: "if (generation === null) {",
    test: "tests/stream/generation.test.ts",
    name: "a cursor of another log",
  }, {
    file: "stream/hub.ts",
    find: "for (const reader of [...this.#readers]) reader.close(reason);",
    replace: "",
    test: "tests/stream/generation.test.ts",
    name: "readers of a log that was restored",
  }, {
    file: "client/read_events.ts",
    find: `if (generation !== undefined) target.searchParams.set("generation", generation);`,
    replace: "",
    test: "tests/stream/generation.test.ts",
    name: "the client keeps the log beside",
  }],

  "a cursor older than what is kept": [{
    // Whoever has read up to the one before the earliest has missed nothing, and is refused.
    file: "stream/subscription.ts",
    find: "after < earliest - 1",
    replace: "after < earliest",
    test: "tests/stream/websocket.test.ts",
    name: "4410 for a cursor",
  }, {
    file: "stream/subscription.ts",
    find: "return { after: earliest - 1 };",
    replace: "return { after: earliest };",
    test: "tests/stream/websocket.test.ts",
    name: "4410 for a cursor",
  }, {
    // Is served what is there, and never learns of the gap.
    file: "stream/subscription.ts",
    find: "if (after < earliest - 1) return goneBefore(earliest);",
    replace: "if (after < earliest - 1) return { after: earliest - 1 };",
    test: "tests/stream/websocket.test.ts",
    name: "4410 for a cursor",
  }],
};
