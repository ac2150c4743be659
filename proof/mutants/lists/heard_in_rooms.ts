import type { Mutants } from "../mutant.ts";

const room = "prosody/modules/talky/room.lib.lua";
const capture = "prosody/modules/mod_talky_capture.lua";
const spec = "prosody/spec/room_spec.lua";
const calls = "tests/prosody/calls.test.ts";
const departures = "tests/prosody/departures.test.ts";

/** Answers are no requests. */
const deaf = {
  file: capture,
  find: "jingle.is_answer(stanza) and asked_id(stanza.attr.id)",
  replace: "nil",
  test: calls,
};

/** Part of guarantee 4: what clients say to each other, and what they can say no more. */
export const heardInRooms: Mutants = {
  "a peer refuses, or knows nothing of a call": [
    { ...deaf, name: "an offer that is refused" },
    { ...deaf, name: "an acceptance that is refused" },
    { ...deaf, name: "whoever has no such session" },
    {
      // Known by the sid alone, whoever began it.
      file: room,
      find: "local own = self.calls[key_of(from, to, said.sid)]\n",
      replace:
        "local own = self.calls[key_of(from, to, said.sid)] or self.calls[key_of(to, from, said.sid)]\n",
      test: calls,
      name: "both call under one sid",
    },
    {
      file: room,
      find: '\tif own then self:end_call(own, from, "replaced") end\n',
      replace: "",
      test: spec,
      name: "one sid from both sides",
    },
    {
      // An answer to another session of the same sid.
      file: room,
      find: "\tif staked and staked.order ~= asked.order then staked = nil end\n",
      replace: "",
      test: spec,
      name: "an answer counts once",
    },
    {
      file: room,
      find: "if call.initiator == id or call.responder == id then self:end_call",
      replace: "if call.initiator == id then self:end_call",
      test: "prosody/spec/room_model_spec.lua",
      name: "whatever is lost",
    },
    {
      // As long as the room.
      file: room,
      find: "\tself:drop_screen(call)\nend\n\nfunction room:end_negotiated",
      replace: "end\n\nfunction room:end_negotiated",
      test: "prosody/spec/room_model_spec.lua",
      name: "whatever clients do",
    },
  ],

  "something outlives what it stood on": [{
    file: room,
    find: "\tif not call.screen then self:hear_unmuted(call, media) end\n",
    replace: "",
    test: calls,
    name: "who resumes alone",
  }, {
    file: capture,
    find: `elseif role == "visitor" then`,
    replace: "elseif false then",
    test: departures,
    name: "who may not speak any more",
  }],

  "a message is counted that is none": [{
    file: "prosody/modules/talky/message.lib.lua",
    find: "if is_id(id) then said[reference.field] = id end",
    replace: "said[reference.field] = id",
    test: "prosody/spec/message_spec.lua",
    name: "what speaks of an earlier message",
  }, {
    // Only what stands at the top.
    file: "prosody/modules/talky/message.lib.lua",
    find: "\tif xmlns ~= xmlns_fasten then return end\n",
    replace: "\tif xmlns then return end\n",
    test: "tests/prosody/messages.test.ts",
    name: "a message is one more",
  }, {
    file: "db/rooms.ts",
    find: "where type = 'message_sent' and not data ?|",
    replace: "where type = 'message_sent' or data ?|",
    test: "tests/routes/rooms.test.ts",
    name: "totals count messages",
  }],

  "a leaving is misread": [{
    file: "prosody/modules/talky/departure.lib.lua",
    find: `["333"] = "error",`,
    replace: `["333"] = "disconnected",`,
    test: "prosody/spec/departure_spec.lua",
    name: "every status code",
  }, {
    file: "prosody/modules/talky/departure.lib.lua",
    find: `["333"] = "error",`,
    replace: `["333"] = "disconnected",`,
    test: departures,
    name: "who is taken out",
  }],

  "a module is reloaded": [{
    file: capture,
    find: "\t\tif room then room._data.talky_room_id = nil end\n",
    replace: "",
    test: "tests/prosody/capture_reload.test.ts",
    name: "without the module that captures",
  }],
};
