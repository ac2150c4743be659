import type { Mutants } from "../mutant.ts";

/** Verifying is decoding and more; these leave out the more. */
const decoded = {
  file: "auth/signed.ts",
  find: "const { payload } = await jwtVerify(token, key, {",
  replace: `const payload = (await import("jose")).decodeJwt(token);\n      void ({`,
};

/** The line before it, copied and not changed. */
const sharedKey = {
  file: "auth/keys.ts",
  find: "talky operator key v1",
  replace: "talky session key v1",
};

/** Guarantee 2: only Prosody writes records, only the API reads the outbox. */
export const toldApart: Mutants = {
  "a client subscribes, or poses as the outbox": [{
    file: "prosody/modules/mod_talky_allowlist.lua",
    find:
      `if is_asked(stanza) and is_ours(stanza.tags[1]) then return refuse(event, "auth", "forbidden") end`,
    replace: "",
    test: "tests/prosody/identity.test.ts",
    name: "nobody but the API reads the outbox",
  }, {
    // One of the two namespaces.
    file: "prosody/modules/mod_talky_allowlist.lua",
    find: `local ours = "urn:talky:"`,
    replace: `local ours = "urn:talky:outbox:"`,
    test: "tests/prosody/identity.test.ts",
    name: "nobody but the API reads the outbox",
  }],

  "somebody comes back as somebody else": [{
    // Its session is over for long, or never was.
    file: "db/users.ts",
    find: "and (ended is null or ended > now() - make_interval(secs => ${within}))",
    replace: "and ${within} > 0",
    test: "tests/routes/returning_guest.test.ts",
    name: "a guest that comes back too late",
  }, {
    file: "routes/returning_guest.ts",
    find: "if (!session.userid.endsWith(`@${guestsHost}`)) {",
    replace: "if (!guestsHost) {",
    test: "tests/routes/returning_guest.test.ts",
    name: "nobody comes back as a user",
  }, {
    file: "routes/client_config.ts",
    find: "guest?.userid ?? stranger",
    replace: "stranger",
    test: "tests/routes/returning_guest.test.ts",
    name: "a guest with the credential",
  }],

  "two users become one": [{
    file: "auth/node.ts",
    find: "escapeNode(subject)",
    replace: "escapeNode(subject.toLowerCase())",
    test: "tests/auth/node.test.ts",
    name: "users: different ids",
  }, {
    // An id may look like an escape.
    file: "events/node_escape.ts",
    find: " && !anEscape.test(text)",
    replace: "",
    test: "tests/auth/node.test.ts",
    name: "users: different ids",
  }],

  "a client claims another identity": [{
    file: "prosody/modules/mod_talky_allowlist.lua",
    find: `if is_ours(tag) or (tag.name == "user" and tag.attr.xmlns == xmlns_core) then return nil end`,
    replace: "if is_ours(tag) then return nil end",
    test: "tests/prosody/identity.test.ts",
    name: "identities are given, not claimed",
  }, {
    // Without a namespace, Prosody takes that of the stanza.
    file: "prosody/modules/mod_talky_allowlist.lua",
    find: "tag.attr.xmlns == xmlns_core",
    replace: "tag.attr.xmlns == nil",
    test: "tests/prosody/identity.test.ts",
    name: "identities are given, not claimed",
  }, {
    // Who speaks is in the room, and its presence has said who that is.
    file: "prosody/modules/mod_talky_identity.lua",
    find: "stamp(event.stanza, event.room, event.occupant)\nend, 10)",
    replace: "end, 10)",
    test: "tests/prosody/identity.test.ts",
    name: "identities are given, not claimed",
  }, {
    file: "prosody/modules/talky/credential.lib.lua",
    find: "claims.sub ~= expected.username",
    replace: `type(claims.sub) ~= "string"`,
    test: "tests/prosody/identity.test.ts",
    name: "a credential is good for one user",
  }, {
    // The hosts share their key.
    file: "prosody/modules/talky/credential.lib.lua",
    find: "claims.aud ~= expected.host",
    replace: `type(claims.aud) ~= "string"`,
    test: "tests/prosody/identity.test.ts",
    name: "a credential is good for one user",
  }, {
    // The processor's time, which begins with the process.
    file: "prosody/modules/mod_auth_talky.lua",
    find: "now = os.time()",
    replace: "now = os.clock()",
    test: "tests/prosody/identity.test.ts",
    name: "a credential is good for one user",
  }, {
    // Decoded, not verified.
    file: "prosody/modules/mod_auth_talky.lua",
    find: "local genuine, claims = decode(token)\n\t\tif genuine then",
    replace: `local payload = token:match("^[^.]+%.([^.]+)%.") or ""\n` +
      `\t\tlocal claims = require "util.json".decode(\n` +
      `\t\t\t(require "util.encodings".base64.decode(payload:gsub("[-_]", { ["-"] = "+", _ = "/" }) .. "==")))\n` +
      `\t\tif decode then`,
    test: "tests/prosody/identity.test.ts",
    name: "a credential is good for one user",
  }, {
    // As XMPP usually has it: the client may ask for a resource.
    file: "prosody/modules/mod_auth_talky.lua",
    find: "event.resource = claims.sid",
    replace: "event.resource = event.resource or claims.sid",
    test: "tests/prosody/identity.test.ts",
    name: "a credential is good for one user",
  }, {
    // Creating is joining, too. But by then there is a room, and it stays behind.
    file: "prosody/modules/mod_talky_identity.lua",
    find: `module:hook("muc-room-pre-create", check_entry, 10)\n`,
    replace: "",
    test: "tests/prosody/identity.test.ts",
    name: "a room takes clients only",
  }, {
    file: "prosody/modules/mod_talky_identity.lua",
    find: `module:hook("muc-occupant-pre-join", check_entry, 10)\n`,
    replace: "",
    test: "tests/prosody/identity.test.ts",
    name: "a room takes clients only",
  }, {
    // Whoever is inside has been let in.
    file: "prosody/modules/mod_talky_identity.lua",
    find: `module:hook("muc-occupant-pre-change", check_entry, 10)\n`,
    replace: "",
    test: "tests/prosody/identity.test.ts",
    name: "a room takes clients only",
  }, {
    // The rooms' host as a room of its own.
    file: "prosody/modules/talky/allowlist.lib.lua",
    find: `return resource and "elsewhere" or "rooms" end`,
    replace: `return resource and "occupant" or "rooms" end`,
    test: "tests/prosody/identity.test.ts",
    name: "a room takes clients only",
  }],

  "a credential is altered or of another use": [{
    // Whatever jose can verify with these bytes.
    file: "auth/signed.ts",
    find: `algorithms: ["HS256"],`,
    replace: "",
    test: "tests/auth/tokens.test.ts",
    name: "no altered, unsigned",
  }, {
    // jose looks at an end where there is one.
    file: "auth/signed.ts",
    find: `requiredClaims: ["exp"],`,
    replace: "",
    test: "tests/auth/tokens.test.ts",
    name: "no altered, unsigned",
  }, {
    // For clocks that differ.
    file: "auth/signed.ts",
    find: `requiredClaims: ["exp"],`,
    replace: `requiredClaims: ["exp"], clockTolerance: 60,`,
    test: "tests/auth/tokens.test.ts",
    name: "no altered, unsigned",
  }, {
    ...decoded,
    test: "tests/auth/tokens.test.ts",
    name: "no altered, unsigned",
  }, {
    file: "auth/credential.ts",
    find: `scope: z.literal("session"),`,
    replace: "scope: z.string(),",
    test: "tests/auth/tokens.test.ts",
    name: "no altered, unsigned",
  }, {
    file: "auth/credential.ts",
    find: "sid: Id,",
    replace: "sid: z.string().min(1),",
    test: "tests/auth/tokens.test.ts",
    name: "no altered, unsigned",
  }, {
    ...sharedKey,
    test: "tests/auth/tokens.test.ts",
    name: "no altered, unsigned",
  }, {
    // All that Prosody lets in, as Prosody reads it.
    file: "auth/credential.ts",
    find: `scope: z.literal("session"),\n  sid: Id,`,
    replace: `scope: z.enum(["session", "ingest"]),\n  sid: Id.optional(),`,
    test: "tests/auth/tokens.test.ts",
    name: "the API's own credential",
  }, {
    file: "prosody/modules/talky/credential.lib.lua",
    find: "claims.exp <= expected.now",
    replace: "claims.exp < expected.now",
    test: "prosody/spec/credential_spec.lua",
    name: "what is not good enough",
  }, {
    // A credential without an end has not expired.
    file: "prosody/modules/talky/credential.lib.lua",
    find: `type(claims.exp) ~= "number" or claims.exp <= expected.now`,
    replace: "claims.exp and tonumber(claims.exp) <= expected.now",
    test: "prosody/spec/credential_spec.lua",
    name: "what is not good enough",
  }, {
    file: "prosody/modules/talky/credential.lib.lua",
    find: "not scopes[claims.scope]",
    replace: `type(claims.scope) ~= "string"`,
    test: "prosody/spec/credential_spec.lua",
    name: "what is not good enough",
  }, {
    // %x takes either case; resource and nick are compared byte by byte.
    file: "prosody/modules/talky/credential.lib.lua",
    find: "and value == value:lower() and",
    replace: "and",
    test: "prosody/spec/credential_spec.lua",
    name: "what is not good enough",
  }],

  "a client reports what it may not": [{
    file: "ingest/telemetry.ts",
    find: `type: z.literal("p2p_session_stats", {`,
    replace: "type: z.string({",
    test: "tests/routes/telemetry.test.ts",
    name: "items that cannot be taken",
  }, {
    // Who was there with the peer, whoever asks.
    file: "db/presence.ts",
    find: "where mine.sessionid = ${sessionid} and mine.room_id = any",
    replace: "where mine.room_id = any",
    test: "tests/routes/telemetry.test.ts",
    name: "items that cannot be taken",
  }, {
    // The wrong one of the two.
    file: "ingest/telemetry.ts",
    find: "!present.has(peer_id)",
    replace: "!present.has(actor)",
    test: "tests/routes/telemetry.test.ts",
    name: "items that cannot be taken",
  }],

  "a token of one kind opens the other's doors": [{
    ...sharedKey,
    test: "tests/routes/authorisation.test.ts",
    name: "an operator's endpoints take",
  }, {
    ...decoded,
    test: "tests/routes/authorisation.test.ts",
    name: "an operator's endpoints take",
  }, {
    // The document says who may call it, so it is guarded.
    file: "routes/contract.ts",
    find: "middleware: [guard, refuseUnknown(known),",
    replace: "middleware: [refuseUnknown(known),",
    test: "tests/routes/authorisation.test.ts",
    name: "every operation of /openapi.json",
  }, {
    // One route of them all.
    file: "routes/rejected.ts",
    find: `access: operator("read"),`,
    replace: `access: { ...operator("read"), guard: (_c, next) => next() },`,
    test: "tests/routes/authorisation.test.ts",
    name: "every operation of /openapi.json",
  }, {
    // Neither guard nor word of it.
    file: "routes/telemetry.ts",
    find: "access: session,",
    replace: "access: { guard: session.guard, parameters: [], problems: [] },",
    test: "tests/routes/authorisation.test.ts",
    name: "every operation of /openapi.json",
  }, {
    // Scopes contain each other.
    file: "auth/operator.ts",
    find: "scopes.indexOf(held) >= scopes.indexOf(needed)",
    replace: "held === needed",
    test: "tests/routes/authorisation.test.ts",
    name: "every scope of an operator reads",
  }, {
    // Signed by us is signed by us.
    file: "routes/guard.ts",
    find: `if (!caller) throw unauthorized("send the session's`,
    replace: `if (!caller && !await readOperator(c)) throw unauthorized("send the session's`,
    test: "tests/routes/authorisation.test.ts",
    name: "a client's endpoints take",
  }, {
    ...decoded,
    test: "tests/routes/authorisation.test.ts",
    name: "a client's endpoints take",
  }, {
    // Who has read until now may send another token soon.
    file: "routes/stream.ts",
    find: `if ("reason" in caller) return closing("unauthorized", caller.reason);`,
    replace: `if ("reason" in caller) return { expires: Date.now() + 3000, view: {} };`,
    test: "tests/stream/websocket.test.ts",
    name: "4401 for a `token` frame",
  }, {
    ...decoded,
    test: "tests/stream/websocket.test.ts",
    name: "401 instead of a WebSocket",
  }],
};
