import type { Mutants } from "../mutant.ts";

/** Guarantee 1, Prosody's part: the outbox keeps all, and feeds one. */
export const keptInTheOutbox: Mutants = {
  "Prosody is killed, in the middle of writing": [{
    // A last line without its newline reads like any other line.
    file: "prosody/modules/talky/segment.lib.lua",
    find: `local found, length, json = line:match("^(%d+) (%d+) (.*)\\n$")`,
    replace: `local found, length, json = line:match("^(%d+) (%d+) ([^\\n]*)")`,
    test: "prosody/spec/journal_spec.lua",
    name: "a record torn at any byte",
  }, {
    // Right until the tenth record: by name, a segment from 10 comes before one from 2.
    file: "prosody/modules/talky/segment.lib.lua",
    find: "return a.first < b.first",
    replace: "return a.name < b.name",
    test: "prosody/spec/journal_spec.lua",
    name: "killed at random",
  }, {
    // Only the newest segment of all is taken for torn, though each epoch's last may be.
    file: "prosody/modules/talky/segment.lib.lua",
    find: "if following and following.epoch == segment.epoch then",
    replace: "if following then",
    test: "prosody/spec/journal_spec.lua",
    name: "killed at random",
  }, {
    // What was acknowledged is written down, and never found again: all of it is sent anew.
    file: "prosody/modules/talky/journal.lib.lua",
    find: `:match("^(%d+%-%x+) (%d+) (%d+)\\n$")`,
    replace: `:match("^(%d+%-%x+) (%d+) (%d+)$")`,
    test: "tests/prosody/outbox.test.ts",
    name: "nothing is lost or doubled",
  }, {
    // Sent is not stored.
    file: "prosody/modules/talky/delivery.lib.lua",
    find: "local ok, err = pcall(self.send, subscriber, batch)",
    replace: "local ok, err = pcall(self.send, subscriber, batch)\n\tself.journal:acknowledge(batch.upto)",
    test: "tests/prosody/outbox.test.ts",
    name: "nothing is lost or doubled",
  }, {
    // The torn tail counts as a record.
    file: "prosody/modules/talky/segment.lib.lua",
    find: "if damaged == 0 and parse_line(line, first + count) then",
    replace: `if damaged == 0 and tonumber(line:match("^%d+")) == first + count then`,
    test: "tests/prosody/outbox.test.ts",
    name: "nothing is lost or doubled",
  }, {
    // Fewer system calls; what is in the C library's buffer goes with the process.
    file: "prosody/modules/talky/directory.lib.lua",
    find: `file:setvbuf("no")`,
    replace: `file:setvbuf("full")`,
    test: "tests/system/chaos/outbox_kill.test.ts",
    name: "an outbox killed 200 times",
  }],

  "two instances are fed": [{
    // Whoever came last lives most surely.
    file: "prosody/modules/talky/delivery.lib.lua",
    find: "table.insert(self.queue, subscriber)",
    replace: "table.insert(self.queue, 1, subscriber)",
    test: "tests/prosody/outbox.test.ts",
    name: "one subscriber is fed",
  }, {
    // By the account, which instances share: nobody's place is ever given up.
    file: "prosody/modules/mod_talky_outbox.lua",
    find: "delivery:unsubscribe(event.session.full_jid)",
    replace: `delivery:unsubscribe(event.session.username .. "@" .. event.session.host)`,
    test: "tests/prosody/outbox.test.ts",
    name: "each can ask whether it is fed",
  }, {
    // What the one who hangs has not answered fills the window of the next.
    file: "prosody/modules/talky/delivery.lib.lua",
    find: "table.insert(self.queue, table.remove(self.queue, 1))\n\t\tself:recall()",
    replace: "table.insert(self.queue, table.remove(self.queue, 1))",
    test: "tests/system/chaos/takeover.test.ts",
    name: "the fed instance hangs",
  }, {
    // Only where a subscription begins may a batch have come before, if one instance is fed at a time.
    file: "db/store.ts",
    find: "if (seq <= stored) return false;",
    replace: "if (seq <= stored && run.resumes) return false;",
    test: "tests/db/store.test.ts",
    name: "batches that overlap",
  }, {
    file: "prosody/modules/talky/delivery.lib.lua",
    find: "table.remove(self.queue, index)\n\t\t\tif index == 1 then self:recall() end",
    replace: "table.remove(self.queue, index)",
    test: "prosody/spec/delivery_spec.lua",
    name: "the next one takes over",
  }, {
    // The id alone: an answer that comes late acknowledges what another has under way.
    file: "prosody/modules/talky/delivery.lib.lua",
    find: "if not subscriber or subscriber.jid ~= jid then return nil end",
    replace: "if not subscriber then return nil end",
    test: "prosody/spec/delivery_spec.lua",
    name: "the next one takes over",
  }],

  "the outbox is full, or its disk refuses": [{
    // What has happened is dropped at the bound.
    file: "prosody/modules/talky/journal.lib.lua",
    find: "table.insert(self.held, json)\n",
    replace: "if self.bytes >= self.max_bytes then return false end\n\ttable.insert(self.held, json)\n",
    test: "prosody/spec/journal_spec.lua",
    name: "at its bound the outbox is full",
  }, {
    // One segment, growing: acknowledging frees nothing.
    file: "prosody/modules/talky/journal.lib.lua",
    find: "math.min(options.segment_bytes or 4 * 1024 * 1024, options.max_bytes // 4)",
    replace: "options.segment_bytes or 4 * 1024 * 1024",
    test: "prosody/spec/journal_spec.lua",
    name: "at its bound the outbox is full",
  }, {
    file: "prosody/modules/talky/journal.lib.lua",
    find: "and segment.size < self.segment_bytes and not segment.damaged",
    replace: "and not segment.damaged",
    test: "prosody/spec/journal_spec.lua",
    name: "a single segment that fills the outbox",
  }, {
    // A new record overtakes those that wait.
    file: "prosody/modules/talky/journal.lib.lua",
    find: "table.insert(self.held, json)\n",
    replace: "if self:write(json) then return true end\n\ttable.insert(self.held, json)\n",
    test: "prosody/spec/journal_spec.lua",
    name: "while the disk refuses",
  }, {
    // Goes on behind what was half written.
    file: "prosody/modules/talky/journal.lib.lua",
    find: "self:close_output()\n\t\tself.overwrites",
    replace: "self.overwrites",
    test: "prosody/spec/journal_spec.lua",
    name: "while the disk refuses",
  }, {
    file: "prosody/modules/talky/journal.lib.lua",
    find: "return self.bytes >= self.max_bytes or #self.held > 0 or",
    replace: "return self.bytes >= self.max_bytes or",
    test: "prosody/spec/journal_spec.lua",
    name: "an outbox whose disk refuses",
  }, {
    // The end of a call is refused like its beginning.
    file: "prosody/modules/mod_talky_admission.lua",
    find: "if said and jingle.begins(said) then",
    replace: "if said then",
    test: "tests/prosody/admission.test.ts",
    name: "while the outbox is full nothing begins",
  }, {
    // Below all that refuses for better reasons, and below what writes down.
    file: "prosody/modules/mod_talky_admission.lua",
    find: "return refuse(event) end\nend, 49)",
    replace: "return refuse(event) end\nend, -49)",
    test: "tests/prosody/admission.test.ts",
    name: "while the outbox is full nothing begins",
  }, {
    // Only the joining is refused: the room was made before, and stays.
    file: "prosody/modules/mod_talky_admission.lua",
    find: `module:hook("muc-room-pre-create", refuse, 9)\n`,
    replace: "",
    test: "tests/prosody/admission.test.ts",
    name: "while the outbox is full nothing begins",
  }, {
    // What a room has let through is asked after again, where its receiver is.
    file: "prosody/modules/mod_talky_admission.lua",
    find: "by here again, on its way to its receiver.\n\treturn\nend",
    replace: "by here again, on its way to its receiver.\nend",
    test: "tests/prosody/admission.test.ts",
    name: "what fills the outbox has happened",
  }, {
    file: "runtime/assemble.ts",
    find: "if (held > 0) {",
    replace: "if (held > 1) {",
    test: "tests/system/outage/disk.test.ts",
    name: "a disk that refuses in the middle",
  }],

  "Damage on disk costs the rest of its segment, counted as `lost`": [{
    file: "prosody/modules/talky/reader.lib.lua",
    find: "if not segment.damaged and unread > 0 then",
    replace: "if unread > 0 then",
    test: "prosody/spec/journal_spec.lua",
    name: "damage in the middle",
  }, {
    // All that is not a record is torn.
    file: "prosody/modules/talky/segment.lib.lua",
    find: `elseif line:sub(-1) == "\\n" then`,
    replace: `elseif line == "\\n" then`,
    test: "prosody/spec/journal_spec.lua",
    name: "damage where an epoch ends",
  }, {
    file: "prosody/modules/talky/journal.lib.lua",
    find: " or segment.damaged then",
    replace: " then",
    test: "prosody/spec/journal_spec.lua",
    name: "nothing is written behind damage",
  }, {
    file: "prosody/modules/talky/reader.lib.lua",
    find: "math.max(self.ordinal, self.journal.acknowledged)\n\tif not",
    replace: "self.ordinal\n\tif not",
    test: "prosody/spec/journal_spec.lua",
    name: "what was acknowledged before",
  }],
};
