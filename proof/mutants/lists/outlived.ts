import type { Mutants } from "../mutant.ts";

/** Guarantee 1: what the outbox outlives beside its process's end. */
export const outlived: Mutants = {
  "whoever is called calls back": [{
    // An acknowledgement within a send begins the next send within it.
    file: "prosody/modules/talky/delivery.lib.lua",
    find: "if self.pumping then return end",
    replace: "",
    test: "prosody/spec/delivery_spec.lua",
    name: "a send may call anything before it returns",
  }, {
    // A subscriber that is gone throws, and its batch counts as sent.
    file: "prosody/modules/talky/delivery.lib.lua",
    find: "self:refuse(subscriber.jid, batch.id)",
    replace: "",
    test: "prosody/spec/delivery_spec.lua",
    name: "a batch that cannot be sent",
  }, {
    // Refusing for ever is as good as reading.
    file: "prosody/modules/talky/delivery.lib.lua",
    find: "if #self.flight == 0 and not self.refused then",
    replace: "if #self.flight == 0 then",
    test: "prosody/spec/delivery_spec.lua",
    name: "one that refuses for as long",
  }],

  "a module is reloaded": [{
    // Hooks that stay with the first instance, whose outbox is closed.
    file: "prosody/modules/mod_talky_outbox.lua",
    find: "host_module:hook(event_name, function(event) return outbox[handler](event) end, priority)",
    replace: "host_module:hook(event_name, outbox[handler], priority)",
    test: "tests/prosody/reload.test.ts",
    name: "a reloaded outbox goes on",
  }, {
    // A new epoch in the middle of calls: the API ends them all.
    file: "prosody/modules/mod_talky_outbox.lua",
    find: "local previous = outbox.close and outbox.close()",
    replace: "local previous = outbox.close and outbox.close() and nil",
    test: "tests/prosody/reload.test.ts",
    name: "a reloaded outbox goes on",
  }, {
    file: "ingest/outbox_connection.ts",
    find: "if (!active && !this.#over) {",
    replace: "if (!active && this.#over) {",
    test: "tests/ingest/prosody_session.test.ts",
    name: "an API that the outbox does not feed",
  }],

  "the power is cut": [{
    file: "prosody/modules/talky/journal.lib.lua",
    find: "\tself.unsynced[segment.name] = true\n",
    replace: "",
    test: "prosody/spec/power_cut_spec.lua",
    name: "what was appended is on disk",
  }, {
    // The file is on disk, its name is not.
    file: "prosody/modules/talky/journal.lib.lua",
    find: 'self:push(segment)\n\t\tself.unsynced["."] = true',
    replace: "self:push(segment)",
    test: "prosody/spec/power_cut_spec.lua",
    name: "power cuts at random",
  }, {
    file: "prosody/modules/talky/journal.lib.lua",
    find: "if done >= self.head and self:sync() and self:sync_position() then",
    replace: "if done >= self.head then",
    test: "prosody/spec/power_cut_spec.lua",
    name: "before a segment goes",
  }, {
    file: "prosody/modules/talky/journal.lib.lua",
    find: "\tself.unsafe = true\n",
    replace: "",
    test: "prosody/spec/power_cut_spec.lua",
    name: "while the disk keeps nothing",
  }],
};
