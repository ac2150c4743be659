import { heardInRooms } from "./heard_in_rooms.ts";
import type { Mutants } from "../mutant.ts";

/** Who was called and leaves ends nothing. */
const onlyCallersHangUp = {
  file: "prosody/modules/talky/room.lib.lua",
  find: "if call.initiator == id or call.responder == id then self:end_call",
  replace: "if call.initiator == id then self:end_call",
};

/** Guarantee 4: rows and log tell what was the case. */
export const trueToTheRoom: Mutants = {
  ...heardInRooms,

  "stanzas are misread": [{
    file: "prosody/modules/talky/room.lib.lua",
    find: `local theirs = self.calls[key_of(to, from, said.sid)]`,
    replace: "local theirs = self.calls[key_of(to, from, said.sid)] or own",
    test: "prosody/spec/room_spec.lua",
    name: "a session is negotiated when it is accepted, by its responder",
  }, {
    file: "prosody/modules/talky/room.lib.lua",
    find: `return initiator .. " " .. responder .. " " .. sid`,
    replace: "return initiator .. sid",
    test: "prosody/spec/room_spec.lua",
    name: "the same sid between two pairs is two sessions",
  }, {
    file: "prosody/modules/talky/room.lib.lua",
    find: "\tif not call.accepted then return end\n",
    replace: "",
    test: "prosody/spec/room_spec.lua",
    name: "an offer that was not accepted leaves no trace",
  }, {
    file: "prosody/modules/talky/room.lib.lua",
    find: "not (self.occupants[from] and self.occupants[to]) then return end",
    replace: "not self.occupants[from] then return end",
    test: "prosody/spec/room_spec.lua",
    name: "nobody calls from outside, nor itself",
  }, {
    // It goes on with the others.
    file: "prosody/modules/talky/room.lib.lua",
    find: "if screen.carriers == 0 then self:end_screen(call.initiator, screen) end",
    replace: "self:end_screen(call.initiator, screen)",
    test: "prosody/spec/room_spec.lua",
    name: "a screen ends with the last session that carries it",
  }, {
    file: "prosody/modules/talky/room.lib.lua",
    find: "if own and said.screen and own.screen ~= said.screen then",
    replace: "if own and said.screen then",
    test: "prosody/spec/room_spec.lua",
    name: "a screen ends with the last session that carries it",
  }, {
    file: "prosody/modules/talky/room.lib.lua",
    find: "if not call or call.screen then return end",
    replace: "if not call then return end",
    test: "prosody/spec/room_spec.lua",
    name: "a paused screen is no paused camera",
  }, {
    // A <get/> with the same in it asks, and does nothing.
    file: "prosody/modules/talky/jingle.lib.lua",
    find: `stanza.attr.type == "set" and child(`,
    replace: "child(",
    test: "prosody/spec/jingle_spec.lua",
    name: "what is no Jingle request",
  }, {
    file: "prosody/modules/talky/jingle.lib.lua",
    find:
      `if condition.name ~= "text" then return #condition.name <= longest_id and condition.name or nil end`,
    replace: "return #condition.name <= longest_id and condition.name or nil",
    test: "prosody/spec/jingle_spec.lua",
    name: "the condition of a reason, not its text",
  }, {
    file: "prosody/modules/talky/jingle.lib.lua",
    find: `and (tag.name == "mute" or tag.name == "unmute")`,
    replace: "",
    test: "prosody/spec/jingle_spec.lua",
    name: "mute and unmute of audio and video",
  }, {
    // Clients may begin without saying so.
    file: "prosody/modules/mod_talky_capture.lua",
    find: `rtt.attr.event ~= "cancel"`,
    replace: `rtt.attr.event == "init"`,
    test: "tests/prosody/capture.test.ts",
    name: "a call from its first presence to its last",
  }, {
    // Before mod_muc has set the password.
    file: "prosody/modules/mod_talky_capture.lua",
    find: "event.room:get_password() ~= nil)\nend, -1)",
    replace: "event.room:get_password() ~= nil)\nend, 1)",
    test: "tests/prosody/capture.test.ts",
    name: "a call from its first presence to its last",
  }, {
    // A room can be locked from its beginning, by the presence that makes it.
    file: "prosody/modules/mod_talky_capture.lua",
    find: "\t})\n\tlife:lock(id, room:get_password() ~= nil)\n",
    replace: "\t})\n",
    test: "tests/prosody/capture.test.ts",
    name: "what is said to each peer and again to later joiners",
  }, {
    // Whoever was thrown out once is thrown out each time they go.
    file: "prosody/modules/mod_talky_capture.lua",
    find: "\tdepartures[event.nick] = nil\n",
    replace: "",
    test: "tests/prosody/capture.test.ts",
    name: "kicked, banned by nick, destroyed",
  }, {
    // Told before its rooms are told that it is gone.
    file: "prosody/modules/mod_talky_sessions.lua",
    find: "end, -10)",
    replace: "end, 10)",
    test: "tests/prosody/capture.test.ts",
    name: "one session id, one session",
  }, {
    // The SDK says it before anybody has accepted.
    file: "prosody/modules/talky/room.lib.lua",
    find: "if own and said.screen and own.screen",
    replace: "if own and own.accepted and said.screen and own.screen",
    test: "tests/system/browser/call.test.ts",
    name: "a call of two with the real SDK",
  }, {
    // Said again to everybody who comes.
    file: "prosody/modules/talky/room.lib.lua",
    find: "\tif (occupant.paused[medium] ~= nil) == paused then return end\n",
    replace: "",
    test: "tests/system/browser/call.test.ts",
    name: "who joins later is told of mutes and screens",
  }, {
    file: "ingest/telemetry.ts",
    find: `data: parseData(rest["data"]),`,
    replace: `data: rest["data"],`,
    test: "tests/system/browser/call.test.ts",
    name: "statistics come as the SDK writes them",
  }],

  "a leaving leaves something open": [{
    file: "prosody/modules/talky/room.lib.lua",
    find: "\tself:rtt(id, false)\n",
    replace: "",
    test: "prosody/spec/room_spec.lua",
    name: "leaving ends what was open",
  }, {
    ...onlyCallersHangUp,
    test: "prosody/spec/room_spec.lua",
    name: "leaving ends what was open",
  }, {
    // Ends with what carries it, so after it.
    file: "prosody/modules/talky/room.lib.lua",
    find: "\tfor _, screen in ipairs(in_order(occupant.screens)) do self:end_screen(id, screen) end\n",
    replace: "",
    test: "prosody/spec/room_spec.lua",
    name: "leaving ends what was open",
  }, {
    ...onlyCallersHangUp,
    test: "tests/system/browser/departures.test.ts",
    name: "a tab that goes in any way",
  }, {
    file: "prosody/modules/talky/room.lib.lua",
    find: "\tself:rtt(id, false)\n",
    replace: "",
    test: "tests/system/browser/departures.test.ts",
    name: "a page loaded again is a new session",
  }, {
    // Prosody takes the timeout off after the first long stanza.
    file: "prosody/modules/mod_talky_sessions.lua",
    find: "\tkeep_read_timeout(session.conn)\n",
    replace: "",
    test: "tests/system/browser/departures.test.ts",
    name: "a browser that froze is taken out",
  }, {
    // Behind Prosody's own keepalive, which a frozen browser answers.
    file: "prosody/modules/mod_talky_sessions.lua",
    find: "\treturn true\nend, 1)",
    replace: "\treturn true\nend, -1)",
    test: "tests/system/browser/departures.test.ts",
    name: "a browser that froze is taken out",
  }],

  "a crash leaves something open": [{
    file: "events/room_state.ts",
    find: `    for (const screen of occupant.screens) end("screencapture_ended", id, { screen });\n`,
    replace: "",
    test: "tests/db/reconcile.test.ts",
    name: "a new epoch closes what the last one left open (in two)",
  }, {
    // Whoever called.
    file: "events/room_state.ts",
    find: "if (session.actor_id !== id && session.peer_id !== id) continue;",
    replace: "if (session.actor_id !== id) continue;",
    test: "tests/db/reconcile.test.ts",
    name: "a new epoch closes what the last one left open (in two)",
  }, {
    // As if each epoch began with a subscription.
    file: "db/store.ts",
    find: "(submission.lines[0]?.seq === 1 || submission.resumes === true)",
    replace: "submission.resumes === true",
    test: "tests/db/reconcile.test.ts",
    name: "a new epoch closes what the last one left open (in one transaction)",
  }, {
    // Sessions can be open without a room.
    file: "db/reconcile.ts",
    find: "const events: RoomEvent[] = [];",
    replace: "const events: RoomEvent[] = [];\n  if (rooms.length === 0) return events;",
    test: "tests/db/reconcile.test.ts",
    name: "wherever a node dies",
  }],

  "something is closed twice": [{
    file: "db/reconcile.ts",
    find: "from rooms r where source = ${source} and ended is null order by",
    replace: "from rooms r where source = ${source} order by",
    test: "tests/db/reconcile.test.ts",
    name: "a new epoch that comes again",
  }, {
    // A batch that comes again may have more in it than was stored.
    file: "db/store.ts",
    find: "const corrections = before === 0 ?",
    replace: "const corrections = run.lines[0]!.seq === 1 ?",
    test: "tests/db/reconcile.test.ts",
    name: "a new epoch that comes again",
  }],

  "a record of a leaving was refused": [{
    file: "db/apply.ts",
    find: "  await applyStays(tx, stays);\n  await endStays(tx, rooms);\n  await forgetRoomFigures(tx, [\n",
    replace: "  await applyStays(tx, stays);\n  await forgetRoomFigures(tx, [\n",
    test: "tests/system/rebuild/rebuild.test.ts",
    name: "records that were refused leave nobody",
  }, {
    file: "db/rebuild.ts",
    find: "  await endStays(tx, rooms);\n",
    replace: "",
    test: "tests/system/rebuild/rebuild.test.ts",
    name: "records that were refused leave nobody",
  }, {
    // What opened the room was refused; its row is there.
    file: "db/reconcile.ts",
    find: "{ ...await readRoomState(tx, id), open: true }",
    replace: "await readRoomState(tx, id)",
    test: "tests/system/rebuild/rebuild.test.ts",
    name: "records that were refused leave nobody",
  }],

  "rows are not what the log says": [{
    // As ingest does.
    file: "db/rebuild.ts",
    find: "ended = f.ended",
    replace: "ended = coalesce(r.ended, f.ended)",
    test: "tests/system/rebuild/rebuild.test.ts",
    name: "rebuilt from the log",
  }, {
    // Those that are not in the log stay.
    file: "db/rebuild.ts",
    find:
      "  await tx`\n    delete from occupants where room_id = any(${textArray(rooms.map(({ id }) => id))}::uuid[])`;\n",
    replace: "",
    test: "tests/system/rebuild/rebuild.test.ts",
    name: "rebuilt from the log",
  }, {
    file: "db/room_history.ts",
    find: "else max(time) filter (where not data ? 'replayed') over (partition by room_id order by id)",
    replace: "else time",
    test: "tests/system/rebuild/rebuild.test.ts",
    name: "a clock that goes back",
  }],

  "a rebuild meets records under way": [{
    // Keeps rebuilds from each other, and nobody else.
    file: "db/rebuild.ts",
    find: "lock table sources in share row exclusive mode",
    replace: "lock table sources in share update exclusive mode",
    test: "tests/system/rebuild/rebuild.test.ts",
    name: "a rebuild waits for records under way",
  }],

  "a batch folds otherwise than its records": [{
    // An earlier stay may still be open.
    file: "events/fold.ts",
    find: "else if (!departures.has(key)) departures.set",
    replace: 'else if (type === "occupant_left" && !departures.has(key)) departures.set',
    test: "tests/events/fold.test.ts",
    name: "records folded in any batches",
  }, {
    // Who leaves and comes back within a batch has left when they came back.
    file: "events/fold.ts",
    find: "else if (!departures.has(key)) departures.set",
    replace: "else departures.set",
    test: "tests/events/fold.test.ts",
    name: "records folded in any batches",
  }, {
    // Against what comes twice. But when the database was away, the same is folded again.
    file: "events/fold.ts",
    find: "/** Folds events, in the order they happened. */\n" +
      "export function fold(events: Iterable<RoomEvent>): Changes {\n",
    replace: "const folded = new Set<string>();\n\n" +
      "export function fold(given: Iterable<RoomEvent>): Changes {\n" +
      "  const told = (event: RoomEvent) => JSON.stringify(event);\n" +
      "  const events = [...given].filter((event) => !folded.has(told(event)) && folded.add(told(event)));\n",
    test: "tests/events/fold.test.ts",
    name: "the same records folded",
  }],

  "all of it together": [{
    // In the order of a hash table.
    file: "prosody/modules/talky/room.lib.lua",
    find: "\ttable.sort(list, function(a, b) return a.order < b.order end)\n",
    replace: "",
    test: "tests/system/end_to_end/simulation.test.ts",
    name: "rooms full of XMPP clients",
  }, {
    // A connection that is gone has a session for a while.
    file: "prosody/modules/mod_talky_capture.lua",
    find: "elseif event.origin and not event.origin.destroyed then",
    replace: "elseif event.origin then",
    test: "tests/system/end_to_end/simulation.test.ts",
    name: "rooms full of XMPP clients",
  }],
};
