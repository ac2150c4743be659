import type { Mutants } from "../mutant.ts";

/** What is not stored. */
export const keptPrivate: Mutants = {
  "a body or an address gets into a record": [{
    // As text, the "false" of the default is true.
    file: "prosody/modules/mod_talky_capture.lua",
    find: `module:get_option_boolean("talky_message_bodies", false)`,
    replace: `module:get_option_string("talky_message_bodies")`,
    test: "tests/prosody/capture.test.ts",
    name: "a call from its first presence",
  }, {
    // It helps to tell guests apart.
    file: "prosody/modules/mod_talky_sessions.lua",
    find: "useragent = useragent(session) },",
    replace: "useragent = useragent(session), ip = session.ip },",
    test: "tests/prosody/capture.test.ts",
    name: "a call from its first presence",
  }],
};
