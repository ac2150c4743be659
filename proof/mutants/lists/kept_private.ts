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
  "a secret gets into a log": [{
    // It helps to see what was wrong with it.
    file: "prosody/modules/mod_auth_talky.lua",
    find: `"Credential of %s refused: %s", username, reason)`,
    replace: `"Credential of %s refused: %s", password, reason)`,
    test: "tests/system/secrets/logs.test.ts",
    name: "no log holds a secret",
  }, {
    // It helps to know which request it was.
    file: "routes/problem.ts",
    find: `{ reason: error.message, request });`,
    replace: `{ reason: c.req.raw.headers.get("authorization"), request });`,
    test: "tests/system/secrets/logs.test.ts",
    name: "no log holds a secret",
  }, {
    // One transaction fewer.
    file: "routes/tickets.ts",
    find: `const { ticket, hash } = await makeTicket();`,
    replace: `const { ticket } = await makeTicket(); const hash = ticket;`,
    test: "tests/system/secrets/logs.test.ts",
    name: "no log holds a secret",
  }],
};
