import type { Mutants } from "../mutant.ts";

/** Guarantee 4, where it is about what rooms are called and whose they are. */
export const named: Mutants = {
  "a name that the API takes cannot be entered": [{
    // What Unicode 3.2 does not know.
    file: "events/nodeprep.ts",
    find: `if (classes.includes("x")) return false;`,
    replace: "",
    test: "tests/events/room_name.test.ts",
    name: "rooms: of any name",
  }, {
    // Nothing from the left amid what is written from the right.
    file: "events/nodeprep.ts",
    find: `(!classes.includes("l") && `,
    replace: "(",
    test: "tests/events/nodeprep.test.ts",
    name: "nodes: of every character",
  }, {
    file: "events/room_name.ts",
    find: "const node = isNode(normal) ? normal : escapeNode(normal);",
    replace: "const node = normal;",
    test: "tests/system/names/room_names.test.ts",
    name: "a room of any name",
  }],

  "a room has moved": [{
    file: "events/room_name.ts",
    find: "const node = isNode(normal) ? normal : escapeNode(normal);",
    replace: "const node = escapeNode(normal);",
    test: "tests/events/room_name.test.ts",
    name: "rooms: addresses that were",
  }],

  "a room is called otherwise than its creator wrote": [{
    file: "db/room_names.ts",
    find: "names.get(`${record.actor} ${node}`) ?? ",
    replace: "",
    test: "tests/db/room_names.test.ts",
    name: "a room is called",
  }, {
    file: "events/fold.ts",
    find: `if (type === "room_created") rooms.get(room_id)!.name ??= String(event.data["name"]);`,
    replace: "",
    test: "tests/db/room_names.test.ts",
    name: "a room is called",
  }],

  "a room is left to nobody, or to the wrong one": [{
    file: "prosody/modules/talky/succession.lib.lua",
    find: "return a.arrival < b.arrival",
    replace: "return a.arrival > b.arrival",
    test: "tests/prosody/ownership.test.ts",
    name: "a room whose owner is gone",
  }, {
    file: "prosody/modules/mod_talky_ownership.lua",
    find: "event.allowed = false",
    replace: "",
    test: "tests/prosody/ownership.test.ts",
    name: "an owner that comes back",
  }, {
    file: "prosody/modules/talky/succession.lib.lua",
    find: "if place then table.remove(line, place) end",
    replace: "",
    test: "prosody/spec/succession_spec.lua",
    name: "whom an owner has made an owner",
  }, {
    file: "prosody/modules/talky/succession.lib.lua",
    find: "if #line > most_heirs then",
    replace: "if false then",
    test: "prosody/spec/succession_spec.lua",
    name: "the line is short",
  }, {
    // Who comes back has forgotten the password.
    file: "prosody/modules/mod_talky_ownership.lua",
    find: "text(password))\nend, -19)",
    replace: "text(password))\nend, -21)",
    test: "tests/system/browser/returns.test.ts",
    name: "who comes back owns the room",
  }],
};
