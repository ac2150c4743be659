import type { Mutants } from "../mutant.ts";

/** Guarantee 5: what does not validate is kept with its reason and stops nothing else. */
export const refused: Mutants = {
  "a bad line stops or shifts others": [{
    // Nothing is lost with an empty line, but the places of those behind it.
    file: "ingest/outbox_batch.ts",
    find: "lines: lines.map((line, i)",
    replace: "lines: lines.filter(Boolean).map((line, i)",
    test: "tests/ingest/outbox_batch.test.ts",
    name: "a line that does not validate",
  }, {
    // Half a batch, it seems.
    file: "ingest/outbox_batch.ts",
    find: `return refuse("not_json", "the line is not JSON");`,
    replace: "throw new MalformedBatch(`line ${seq} is not JSON`);",
    test: "tests/ingest/outbox_batch.test.ts",
    name: "a line that does not validate",
  }, {
    // Fewer: the rest comes with the next.
    file: "ingest/outbox_batch.ts",
    find: "lines.length !== last - first + 1",
    replace: "lines.length > last - first + 1",
    test: "tests/ingest/outbox_batch.test.ts",
    name: "a batch that contradicts itself",
  }, {
    // More: what is announced is taken.
    file: "ingest/outbox_batch.ts",
    find: "lines.length !== last - first + 1",
    replace: "lines.length < last - first + 1",
    test: "tests/ingest/outbox_batch.test.ts",
    name: "a batch that contradicts itself",
  }, {
    // As most counts begin.
    file: "ingest/outbox_batch.ts",
    find: "first: z.coerce.number().int().positive()",
    replace: "first: z.coerce.number().int().nonnegative()",
    test: "tests/ingest/outbox_batch.test.ts",
    name: "a batch that contradicts itself",
  }, {
    file: "ingest/outbox_batch.ts",
    find: "epoch: z.string().min(1).max(255)",
    replace: "epoch: z.string().max(255)",
    test: "tests/ingest/outbox_batch.test.ts",
    name: "a batch that contradicts itself",
  }],

  "what refuses it is the database's encoding": [{
    // Kept as it came, which is what was refused.
    file: "db/store.ts",
    find: "const fits = !plain && ",
    replace: "const fits = ",
    test: "tests/system/deployments/encodings.test.ts",
    name: "a database that was in use",
  }, {
    file: "db/database.ts",
    find: 'if (encoding === "UTF8" || encoding === "SQL_ASCII") return;',
    replace: "if (encoding) return;",
    test: "tests/system/deployments/encodings.test.ts",
    name: "a database that lacks characters",
  }],

  "the database refuses one": [{
    // Of JSON's errors the one, and not the other.
    file: "db/connect.ts",
    find: "/^2[123]/.test(error.code)",
    replace: "/^2[13]|^220|^22P05/.test(error.code)",
    test: "tests/ingest/refused_data.test.ts",
    name: "the database refuses half a surrogate pair",
  }, {
    // What was tried as a whole and refused need not be tried again; but it was not tried alone.
    file: "ingest/recorder.ts",
    find: "group.length === 1 ? error : undefined",
    replace: "error",
    test: "tests/ingest/refused_data.test.ts",
    name: "the database refuses half a surrogate pair",
  }, {
    file: "db/connect.ts",
    find: "/^2[123]/.test(error.code)",
    replace: "/^2[13]|^22P/.test(error.code)",
    test: "tests/ingest/refused_data.test.ts",
    name: "the database refuses a time that PostgreSQL does not know",
  }, {
    // Both halves at once: the second does not follow what is stored.
    file: "ingest/recorder.ts",
    find: "await storeLines(port, { ...run, lines: run.lines.slice(0, middle) });\n" +
      "      await storeLines(port, { ...run, lines: run.lines.slice(middle) });",
    replace: "const halves = [run.lines.slice(0, middle), run.lines.slice(middle)];\n" +
      "      await Promise.all(halves.map((lines) => storeLines(port, { ...run, lines })));",
    test: "tests/ingest/refused_data.test.ts",
    name: "the database refuses a time that PostgreSQL does not know",
  }, {
    file: "db/connect.ts",
    find: "/^2[123]/.test(error.code)",
    replace: "/^2[13]|^220|^22P02/.test(error.code)",
    test: "tests/ingest/refused_data.test.ts",
    name: "the database refuses a NUL character",
  }, {
    // With its place around it: not as it came, and not to be replayed.
    file: "ingest/recorder.ts",
    find: "JSON.stringify(line.record)",
    replace: "JSON.stringify(line)",
    test: "tests/ingest/refused_data.test.ts",
    name: "the database refuses a NUL character",
  }, {
    // Values and constraints; class 21, a row met twice by one statement, comes to few minds.
    file: "db/connect.ts",
    find: "/^2[123]/.test(error.code)",
    replace: "/^2[23]/.test(error.code)",
    test: "tests/ingest/refused_data.test.ts",
    name: "two joins at the same moment",
  }, {
    // Values; that a room is not there is no matter of the data, it seems.
    file: "db/connect.ts",
    find: "/^2[123]/.test(error.code)",
    replace: "/^2[12]/.test(error.code)",
    test: "tests/ingest/refused_data.test.ts",
    name: "a telemetry batch that the database refuses",
  }, {
    // Nobody hears of it.
    file: "ingest/recorder.ts",
    find:
      'if (submission.origin === "outbox") failed.set(submission.source, failure);\n      fail(waiting, failure);',
    replace: 'if (submission.origin === "telemetry") {\n        resolve({});\n        continue;\n      }\n' +
      "      failed.set(submission.source, failure);\n      fail(waiting, failure);",
    test: "tests/ingest/refused_data.test.ts",
    name: "a telemetry batch that the database refuses",
  }],

  "a refusal is not kept": [{
    // Told to whoever reads the log, and gone.
    file: "db/store.ts",
    find: `await keepRefusals(tx, "outbox", refusals);`,
    replace: `log.warning("{count} records were refused", { count: refusals.length });`,
    test: "tests/db/store.test.ts",
    name: "what was refused is kept",
  }, {
    // Its place among the refused.
    file: "db/store.ts",
    find: "${source}/${epoch}/${line.seq}",
    replace: "${source}/${epoch}/${refusals.length + 1}",
    test: "tests/db/store.test.ts",
    name: "what was refused is kept",
  }, {
    // What has no event is not there to be stored.
    file: "db/store.ts",
    find: "events.push(...submission.events);\n        await",
    replace: "events.push(...submission.events);\n        if (submission.events.length === 0) await",
    test: "tests/routes/telemetry.test.ts",
    name: "items that cannot be taken",
  }, {
    // What cannot be stored cannot be kept either.
    file: "ingest/telemetry.ts",
    find: "result.refusals.push({ ...verdict, record });",
    replace: "if (isStorable(record)) result.refusals.push({ ...verdict, record });",
    test: "tests/routes/telemetry.test.ts",
    name: "items that cannot be taken",
  }],

  "a replay stores twice, or half": [{
    // It holds those up who store, and not who else replays.
    file: "db/rebuild.ts",
    find: "in share row exclusive mode",
    replace: "in share mode",
    test: "tests/system/rebuild/replay.test.ts",
    name: "many replay the same at once",
  }, {
    // Read before the turn has come.
    file: "db/replay.ts",
    find: "await holdIngest(tx);\n      const [refused] = await tx<Refused[]>`\n" +
      "        select origin, origin_ref, code, message, coalesce(convert_from(bytes, 'UTF8'), record) as record,\n" +
      "          utc(time) as time\n" +
      "        from rejected where id = ${id}`;",
    replace: "const [refused] = await tx<Refused[]>`\n" +
      "        select origin, origin_ref, code, message, coalesce(convert_from(bytes, 'UTF8'), record) as record,\n" +
      "          utc(time) as time\n" +
      "        from rejected where id = ${id}`;\n      await holdIngest(tx);",
    test: "tests/system/rebuild/replay.test.ts",
    name: "many replay the same at once",
  }, {
    // Taken out first, so that nobody else has it; it does not come back when it is refused again.
    file: "db/replay.ts",
    find:
      "select origin, origin_ref, code, message, coalesce(convert_from(bytes, 'UTF8'), record) as record,\n" +
      "          utc(time) as time\n" +
      "        from rejected where id = ${id}`;",
    replace: "delete from rejected where id = ${id}\n" +
      "        returning origin, origin_ref, code, message, record, utc(time) as time`;",
    test: "tests/system/rebuild/replay.test.ts",
    name: "what still is not valid stays",
  }, {
    // One that the database refuses stops those behind it.
    file: "db/replay.ts",
    find: "if (!isRefusedData(error)) throw error;",
    replace: "throw error;",
    test: "tests/system/rebuild/replay.test.ts",
    name: "what still is not valid stays",
  }, {
    // Nothing to store, so nothing to keep.
    file: "db/replay.ts",
    find:
      `return { code: "too_late", message: "the next start of this source closes what was open at this one" };`,
    replace: "return undefined;",
    test: "tests/system/rebuild/replay.test.ts",
    name: "what still is not valid stays",
  }],

  "a replay is out of place": [{
    // As records are stored that come in time.
    file: "db/replay.ts",
    find: "const changes = { ...fold([event]), stays: [], departures: [] };\n" +
      "    await applyChanges(tx, changes, { source, jids: new Map([[id, jid]]) });\n" +
      "    await appendEvents(tx, [replayed(event)]);\n    await rebuildRooms(tx, [id]);",
    replace: "await applyChanges(tx, fold([event]), { source, jids: new Map([[id, jid]]) });\n" +
      "    await appendEvents(tx, [replayed(event)]);",
    test: "tests/system/rebuild/replay.test.ts",
    name: "whatever was refused and is replayed",
  }, {
    // In the order of the log.
    file: "db/room_history.ts",
    find:
      "case when data ? 'replayed' then time\n          else max(time) filter (where not data ? 'replayed') over " +
      "(partition by room_id order by id)\n        end as moment",
    replace: "max(time) over (partition by room_id order by id) as moment",
    test: "tests/system/rebuild/replay.test.ts",
    name: "whatever was refused and is replayed",
  }, {
    // A room begins but once, when the first is told of it.
    file: "db/rebuild.ts",
    find: "set name = f.name, created = f.created, ended = f.ended",
    replace: "set ended = f.ended",
    test: "tests/system/rebuild/replay.test.ts",
    name: "whatever was refused and is replayed",
  }, {
    file: "db/replay.ts",
    find: "else if (!await hasEnded(tx, record.actor)) {",
    replace: "else {",
    test: "tests/system/rebuild/replay.test.ts",
    name: "a session that is told of late",
  }, {
    // Whoever is known is not told of anew. But its end may be.
    file: "db/replay.ts",
    find: " and ended is not null",
    replace: "",
    test: "tests/system/rebuild/replay.test.ts",
    name: "a session that is told of late",
  }],
  "a stanza is longer than one may be, or comes in several frames": [{
    file: "prosody/modules/talky/frames.lib.lua",
    find: "key = frame.key:sub(turn + 1) .. frame.key:sub(1, turn)",
    replace: "key = frame.key",
    test: "prosody/spec/frames_spec.lua",
    name: "however messages are cut",
  }, {
    file: "prosody/modules/talky/frames.lib.lua",
    find: "(table.concat(message.pieces) .. piece):sub(1, self.head)",
    replace: "table.concat(message.pieces) .. piece",
    test: "prosody/spec/frames_spec.lua",
    name: "of what is too long no more",
  }, {
    // mod_websocket ends the stream over it.
    file: "prosody/modules/talky/frames.lib.lua",
    find: "if message.length <= self.limit then",
    replace: "if message.length <= self.limit + 1 then",
    test: "tests/prosody/long_stanza.test.ts",
    name: "a message at the bound",
  }, {
    // mod_websocket takes no frames but whole messages.
    file: "prosody/modules/talky/frames.lib.lua",
    find: "not frame.FIN or frame.length > self.whole",
    replace: "frame.FIN and frame.length > self.whole",
    test: "tests/system/browser/long_stanza.test.ts",
    name: "Chromium sends stanzas up to the bound",
  }],
};
