import type { Mutants } from "../mutant.ts";

const server = "tests/runtime/deno/http_server.test.ts";
const limits = "tests/routes/limits.test.ts";

/** Guarantee 8: nobody takes more than their share. */
export const bounded: Mutants = {
  "a client is slow, or silent": [{
    file: "runtime/deno/http_server.ts",
    find: "requestTimeout: bounds.request",
    replace: "requestTimeout: 0",
    test: server,
    name: "a connection ends whose client is slow",
  }, {
    file: "runtime/deno/http_server.ts",
    find: "handshakeTimeout: bounds.handshake",
    replace: "handshakeTimeout: 120_000",
    test: server,
    name: "a TLS connection without a hello",
  }, {
    file: "runtime/deno/upgrade.ts",
    find: "if (!state.alive) socket.terminate();",
    replace: "",
    test: server,
    name: "a WebSocket ends whose client",
  }],
  "a stranger is read from": [{
    // The close code would tell, after all.
    file: "routes/stream.ts",
    find: `if ("reason" in caller) throw unauthorized(caller.reason);`,
    replace: "",
    test: server,
    name: "without a token nothing that follows",
  }, {
    file: "runtime/deno/upgrade.ts",
    find: "maxPayload: largestFrame,",
    replace: "",
    test: server,
    name: "a frame that is too large",
  }],
  "a text of a client's makes something grow": [{
    // Methods are few.
    file: "runtime/metrics/requests.ts",
    find: `methods.has(c.req.method) ? c.req.method : "other"`,
    replace: "c.req.method",
    test: limits,
    name: "whatever methods, paths",
  }, {
    file: "runtime/token_buckets.ts",
    find: "if (all.size > mostRemembered) all.delete(all.keys().next().value!);",
    replace: "if (all.size > mostRemembered) all.clear();",
    test: "tests/runtime/token_buckets.test.ts",
    name: "whoever comes, so many",
  }],
  "one asks for more than there is": [{
    file: "routes/client_config.ts",
    find: `await spend(limits, "sessions", callerAddress(c), { what: "new sessions from this address" });`,
    replace: "",
    test: limits,
    name: "one client asks for session after session",
  }, {
    file: "routes/telemetry.ts",
    find: `if (await limits.take("kept_refusals", sessionid) === 0) kept.push(refusal);`,
    replace: "kept.push(refusal);",
    test: limits,
    name: "telemetry has a limit by bytes",
  }, {
    // A page at a time, each within the budget.
    file: "routes/event_lines.ts",
    find: `await limits.charge("exports", who, page.byteLength);`,
    replace: "",
    test: limits,
    name: "exports have a limit by bytes",
  }, {
    file: "stream/hub.ts",
    find: "if (owner && others >= maxReadersEach)",
    replace: "if (owner && others > maxReadersEach)",
    test: limits,
    name: "a token has so many readers",
  }],
  "what nobody uses stays": [{
    file: "db/users.ts",
    find: "where source is null and created < now() - interval '1 hour'",
    replace: "where created < now() - interval '1 hour'",
    test: "tests/db/housekeeping.test.ts",
    name: "sessions that were never used",
  }, {
    file: "db/rejected.ts",
    find: "delete from rejected where origin = 'telemetry' and (time",
    replace: "delete from rejected where (time",
    test: "tests/db/housekeeping.test.ts",
    name: "refused telemetry ages",
  }],
  "an honest client meets a limit": [{
    file: "config_limits.ts",
    find: "TALKY_LIMIT_SESSIONS: rate(40)",
    replace: "TALKY_LIMIT_SESSIONS: rate(2)",
    test: limits,
    name: "a class of forty",
  }, {
    // Whoever sends it.
    file: "routes/limits.ts",
    find: "if (token !== undefined && known.has(token))",
    replace: "if (known.size < 0 && token !== undefined)",
    test: limits,
    name: "an operator whose token has been good",
  }],
  "readers that catch up take every connection": [{
    file: "stream/turns.ts",
    find: `waiting.push(resolve)`,
    replace: `resolve()`,
    test: "tests/stream/turns.test.ts",
    name: "so many pages are read at once",
  }, {
    file: "stream/turns.ts",
    find: `if (next) return next;`,
    replace: "",
    test: "tests/stream/turns.test.ts",
    name: "who asks while an answer is under way",
  }, {
    // A new subscription does not wait for what it makes worthless.
    file: "stream/reader.ts",
    find: `    this.#changes++;
    this.#filter = filter;
    this.#cursor = after;`,
    replace: `    this.#changes++;
    this.#paging = false;
    this.#filter = filter;
    this.#cursor = after;`,
    test: "tests/stream/resubscribe.test.ts",
    name: "a page under way",
  }],
  "all of that comes at once": [{
    // One attack of many that gets through.
    file: "events/xml_text.ts",
    find: String.raw`[\ufffe\uffff]|`,
    replace: "",
    test: "tests/system/hostile/hostile.test.ts",
    name: "every attack at once",
  }],
  "a text that one side cannot carry": [{
    // XML has most of Unicode.
    file: "events/xml_text.ts",
    find: String.raw`[\ufffe\uffff]|`,
    replace: "",
    test: "tests/events/xml_text.test.ts",
    name: "whatever JSON says",
  }, {
    file: "ingest/telemetry.ts",
    find: "  if (isTooDeep(data)) return tooDeep;\n",
    replace: "",
    test: "tests/ingest/telemetry.test.ts",
    name: "nesting enters the log",
  }],
  "Prosody is asked for what no call needs": [{
    file: "prosody/modules/mod_talky_allowlist.lua",
    find:
      `if not passes(stanza, target) then return refuse(event, "cancel", "service-unavailable", text) end`,
    replace: "",
    test: "tests/prosody/allowlist.test.ts",
    name: "of all that XMPP has",
  }, {
    file: "prosody/modules/talky/allowlist.lib.lua",
    find: `room = { groupchat = true, error = true },`,
    replace: `room = { groupchat = true, error = true }, elsewhere = { chat = true },`,
    test: "tests/prosody/allowlist.test.ts",
    name: "presence and messages of every type",
  }, {
    file: "prosody/modules/talky/allowlist.lib.lua",
    find: `return to == own_host and "host" or "elsewhere"`,
    replace: `return host == own_host and "host" or "elsewhere"`,
    test: "prosody/spec/allowlist_spec.lua",
    name: "whom a stanza is for",
  }],
  "a client sends too fast, or what is too deep": [{
    file: "prosody/modules/mod_talky_throttle.lua",
    find: `if debt > 0 and session.conn then session.conn:pausefor(debt) end`,
    replace: "",
    test: "tests/prosody/throttle.test.ts",
    name: "who sends faster",
  }, {
    file: "prosody/modules/mod_talky_throttle.lua",
    find: `if session.talky_messages >= 0 then return true end`,
    replace: `if true then return true end`,
    test: "tests/prosody/throttle.test.ts",
    name: "many stanzas in one message",
  }, {
    // Refused all the same, once it has been parsed.
    file: "prosody/modules/talky/frames.lib.lua",
    find: "local flaw = not message.too_long and self.flaw(data)",
    replace: "local flaw",
    test: "prosody/spec/frames_spec.lua",
    name: "a message with a flaw is taken out",
  }, {
    file: "prosody/modules/mod_talky_throttle.lua",
    find: `if not what then return stanza end`,
    replace: `if true then return stanza end`,
    test: "tests/prosody/throttle.test.ts",
    name: "a stanza nested too deep",
  }, {
    file: "prosody/modules/talky/shape.lib.lua",
    find: `if depth > deepest then`,
    replace: `if depth > deepest + 1 then`,
    test: "prosody/spec/shape_spec.lua",
    name: "an element may be so deep",
  }, {
    file: "prosody/modules/talky/bucket.lib.lua",
    find: `math.min(self.burst, self.level + passed * self.rate)`,
    replace: `self.level + passed * self.rate`,
    test: "prosody/spec/bucket_spec.lua",
    name: "a budget is spent",
  }],
  "one client fills the outbox": [{
    file: "prosody/modules/mod_talky_outbox.lua",
    find: `budget:charge(entry, #line, now())`,
    replace: "",
    test: "tests/prosody/budget.test.ts",
    name: "who has had more written down",
  }, {
    file: "prosody/modules/talky/budget.lib.lua",
    find: `longest = math.max(longest, (reserved * bound.burst - bucket:left(now)) / bound.rate)`,
    replace: `longest = math.max(longest, -bucket:left(now) / bound.rate)`,
    test: "prosody/spec/budget_spec.lua",
    name: "neither one, nor one with many sessions",
  }, {
    file: "prosody/modules/talky/budget.lib.lua",
    find: `if not (party and factor) then return end`,
    replace: `factor = factor or 1; if not party then return end`,
    test: "prosody/spec/budget_spec.lua",
    name: "a beginning is charged with its end",
  }, {
    file: "prosody/modules/mod_talky_outbox.lua",
    find: `address = session.ip and network_of(session.ip)`,
    replace: "",
    test: "tests/prosody/budget.test.ts",
    name: "many sessions of one address",
  }],
  "one address takes all connections": [{
    file: "prosody/modules/mod_talky_connections.lua",
    find: `	count(address, -1)`,
    replace: "",
    test: "tests/prosody/connections.test.ts",
    name: "so many connections of an address",
  }, {
    file: "prosody/modules/mod_talky_connections.lua",
    find: `if there.all > most then`,
    replace: `if false then`,
    test: "tests/prosody/connections.test.ts",
    name: "so many connections there are in all",
  }, {
    file: "prosody/modules/talky/address.lib.lua",
    find: `for _ = #groups + behind + 1, 8 do`,
    replace: `for _ = #groups + behind + 1, 7 do`,
    test: "prosody/spec/address_spec.lua",
    name: "an address of IPv4 stands for itself",
  }],
  "a session is in too many rooms, or fills one's lists": [{
    file: "prosody/modules/mod_talky_rooms.lua",
    find: `if not event.is_new_room then return has_enough(event) end`,
    replace: "",
    test: "tests/prosody/rooms.test.ts",
    name: "a session is in so many",
  }, {
    file: "prosody/modules/mod_talky_rooms.lua",
    find: `if session then rooms_of(session)[event.room.jid] = nil end`,
    replace: "",
    test: "tests/prosody/rooms.test.ts",
    name: "a session is in so many",
  }, {
    file: "prosody/modules/mod_talky_rooms.lua",
    find: `	event.allowed = false`,
    replace: "",
    test: "tests/prosody/rooms.test.ts",
    name: "a room remembers",
  }],
};
