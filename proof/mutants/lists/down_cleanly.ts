import type { Mutants } from "../mutant.ts";

/** Guarantee 7: what was accepted is stored, and readers are told to come back. */
export const downCleanly: Mutants = {
  "accepted work is dropped": [{
    // A stop is no failure. But what is answered well, the outbox forgets.
    file: "ingest/outbox_connection.ts",
    find: `return stanzaError("wait", "recipient-unavailable");`,
    replace: "return true;",
    test: "tests/system/end_to_end/simulation.test.ts",
    name: "SIGTERM under load",
  }, {
    // Waits for the group under way, and tells the others to come again.
    file: "ingest/recorder.ts",
    find: "closed = true;\n      await working;\n      queue = [];",
    replace: "closed = true;\n" +
      '      for (const { reject } of queue.splice(0)) reject(new RecorderClosed("the recorder is closed"));\n' +
      "      await working;",
    test: "tests/ingest/recorder.test.ts",
    name: "draining settles",
  }, {
    // Closed when it is empty: what comes meanwhile is accepted, and may come for ever.
    file: "ingest/recorder.ts",
    find: "closed = true;\n      await working;\n",
    replace: "await working;\n      closed = true;\n",
    test: "tests/ingest/recorder.test.ts",
    name: "draining settles",
  }],

  "what hangs holds it": [{
    file: "main.ts",
    find: 'if (await Promise.race([work, patience]) === "late") {',
    replace: "await work;\n    if (!patience) {",
    test: "tests/system/deployments/half_open.test.ts",
    name: "SIGTERM ends the process",
  }],

  "readers are not told": [{
    // Their sockets end with the server.
    file: "stream/hub.ts",
    find: "reader.close(restarting);",
    replace: "reader.remove();",
    test: "tests/stream/hub.test.ts",
    name: "stopping closes every reader",
  }, {
    // One that comes while it stops is taken, and hears nothing ever.
    file: "stream/hub.ts",
    find: "this.#stopped || ",
    replace: "",
    test: "tests/stream/hub.test.ts",
    name: "stopping closes every reader",
  }, {
    // A browser's socket takes no others; a server's does.
    file: "stream/websocket.ts",
    find: "socket.close(code, text);",
    replace: "socket.close(code >= 3000 ? code : 1000, text);",
    test: "tests/stream/websocket.test.ts",
    name: "1012 when",
  }],

  "Prosody stops without goodbyes": [{
    // Writes a little later, and together; what a stop brings comes too late.
    file: "prosody/modules/mod_talky_outbox.lua",
    find: "\tjournal:append(line)\n",
    replace: "\tmodule:add_timer(0.25, function() journal:append(line) end)\n",
    test: "tests/prosody/outbox.test.ts",
    name: "a stop says goodbye for everybody",
  }, {
    // The session's end comes before the leaves it brings.
    file: "prosody/modules/mod_talky_sessions.lua",
    find: `actor = session.talky.sid } end\nend, -10)`,
    replace: `actor = session.talky.sid } end\nend, 10)`,
    test: "tests/prosody/outbox.test.ts",
    name: "a stop says goodbye for everybody",
  }],
};
