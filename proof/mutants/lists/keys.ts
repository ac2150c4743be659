import type { Mutants } from "../mutant.ts";

const keys = "tests/routes/keys.test.ts";
const views = "tests/routes/views_property.test.ts";
const cookies = "tests/routes/cookies.test.ts";

/** Guarantee 2: who shows a key is who it was made for, sees what it shows, and is out when it is revoked. */
export const keysHold: Mutants = {
  "a revoked key opens doors": [{
    // Only one's own instance would know.
    file: "db/api_keys.ts",
    find: "and revoked is null and expires > now()`;\n  return new Set",
    replace: "and expires > now()`;\n  return new Set",
    test: "tests/system/end_to_end/revocation.test.ts",
    name: "a key that is revoked",
  }, {
    file: "auth/authenticate.ts",
    find: "if (cached && cached.until > now()) return cached.key;",
    replace: "if (cached) return cached.key;",
    test: "tests/auth/api_key.test.ts",
    name: "what was read of a key",
  }, {
    file: "routes/event_lines.ts",
    find: "if (!await isCurrent()) throw",
    replace: "if (!await isCurrent() && false) throw",
    test: keys,
    name: "a key that is revoked",
  }, {
    // The signed one has its own end.
    file: "stream/authorization.ts",
    find: "watch?.(() =>",
    replace: "(expires - Date.now() > 7_200_000 ? watch : undefined)?.(() =>",
    test: keys,
    name: "a key that is revoked",
  }],

  "a limited key shows more": [{
    file: "db/rooms.ts",
    find: `from events e where e.room_id = r.id and \${showsType(sql, "e.type", view)}`,
    replace: "from events e where e.room_id = r.id",
    test: views,
    name: "whatever is asked",
  }, {
    file: "db/users.ts",
    find: `where sessionid = \${sessionid} and \${showsSession(sql, "u.sessionid", view)}`,
    replace: `where sessionid = \${sessionid}`,
    test: views,
    name: "whatever is asked",
  }, {
    // What an operation does not say is not narrowed.
    file: "routes/guard.ts",
    find: "madeOf === undefined && isLimited(view)",
    replace: "madeOf === undefined && view.types !== undefined",
    test: views,
    name: "whatever is asked",
  }, {
    // What the ring holds; history is the database's to filter.
    file: "stream/filter.ts",
    find: "&& isShown(event)",
    replace: "",
    test: views,
    name: "a limited reader",
  }, {
    file: "db/log.ts",
    find: "view = everything } = filter ?? {};",
    replace: "view = everything } = filter && { ...filter, view: everything } || {};",
    test: views,
    name: "a limited reader",
  }],

  "somebody makes more of what they have": [{
    file: "routes/api_keys.ts",
    find: "if (isWithin(view, held)) return view;",
    replace: "return view;",
    test: keys,
    name: "nobody makes more",
  }, {
    file: "routes/api_keys.ts",
    find: `if (by === "key" ||`,
    replace: `if (by !== "ticket" ||`,
    test: keys,
    name: "nobody makes more",
  }, {
    file: "auth/authenticate.ts",
    find: "if (key === null) return true;",
    replace: "return true;",
    test: keys,
    name: "what was made from",
  }, {
    // Looked at, and left for the next.
    file: "db/api_keys.ts",
    find: "delete from tickets where hash = ${hash} and expires > now() returning grant_json as grant",
    replace: "select grant_json as grant from tickets where hash = ${hash} and expires > now()",
    test: keys,
    name: "a ticket lets one URL in",
  }, {
    file: "auth/authenticate.ts",
    find: "isWithin(view, found.view)",
    replace: "isWithin(view, view)",
    test: "tests/auth/api_key.test.ts",
    name: "a signed token does no more",
  }],

  "another's page uses a cookie": [{
    // As long as its name begins like ours.
    file: "routes/caller.ts",
    find: "return ours.includes(origin);",
    replace: "return ours.some((one) => origin.startsWith(one));",
    test: cookies,
    name: "a cookie is taken",
  }, {
    file: "routes/caller.ts",
    find: "if (ours.length === 0) return false;",
    replace: "",
    test: cookies,
    name: "a cookie is taken",
  }, {
    // A WebSocket without Origin is a program's; a program has no cookies, unless it has stolen one.
    file: "routes/caller.ts",
    find: `c.req.header("upgrade") === undefined && `,
    replace: "",
    test: cookies,
    name: "a cookie-authorised",
  }],

  "a secret cannot be replaced": [{
    file: "prosody/modules/mod_auth_talky.lua",
    find: `module:hook_global("config-reloaded"`,
    replace: `module:hook_global("config-read"`,
    test: "tests/prosody/rotation.test.ts",
    name: "a secret is replaced",
  }, {
    file: "auth/signed.ts",
    find: "for (const key of keys) {",
    replace: "for (const key of keys.slice(0, 1)) {",
    test: "tests/auth/tokens.test.ts",
    name: "of several secrets",
  }],

  "an application's token is for others, or for ever": [{
    file: "auth/app_token.ts",
    find: "checkAudience(rules, claims.data.aud);",
    replace: "",
    test: "tests/auth/app_token_rules.test.ts",
    name: "a token is for us",
  }, {
    file: "auth/app_token.ts",
    find: "checkEnd(claims.data.exp);",
    replace: "",
    test: "tests/auth/app_token_rules.test.ts",
    name: "a token is for us",
  }],
};
