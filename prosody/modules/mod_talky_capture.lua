-- Turns what happens in rooms into records (README.md, "Records"). This file knows which stanza says
-- what; what it means is for talky/room.lib.lua to decide.
--
-- Option:
--   talky_message_bodies  whether records hold the text of messages; default false

local base64 = require "util.encodings".base64
local jid = require "util.jid"
local departures_of = module:require "talky/departure"
local jingle = module:require "talky/jingle"
local messages = module:require "talky/message"
local record = module:require "talky/record"
local room_id = module:require "talky/room_id"
local rooms = module:require "talky/room"

local muc = module:depends("muc")
module:depends("talky_outbox")
local outbox = module:shared("/*/talky_outbox/outbox")

local keep_bodies = module:get_option_boolean("talky_message_bodies", false)
local longest_reason = 200

local xmlns_rtt = "urn:xmpp:rtt:0"

local lives = {} -- by room JID: { place, room }

local function emitter(place)
	return function(type, actor, data, peer)
		outbox.append { type = type, room = place, actor = actor, peer = peer, data = data }
	end
end

local function life_of(room)
	local life = lives[room.jid]
	if not life then
		local place = { id = room_id(room), jid = room.jid }
		life = { place = place, room = rooms.new(emitter(place)) }
		lives[room.jid] = life
	end
	return life.room
end

-- Nicks are session ids (mod_talky_identity).
local id_of = jid.resource

local function short(reason)
	return reason and reason ~= "" and record.cut(reason, longest_reason) or nil
end

-- Joining and leaving ---------------------------------------------------------------------------------

local function join(room, occupant)
	local life, id = life_of(room), id_of(occupant.nick)
	life:join(id, jid.node(room.jid), {
		userid = occupant.bare_jid,
		role = occupant.role,
		affiliation = room:get_affiliation(occupant.bare_jid) or "none",
	})
	life:lock(id, room:get_password() ~= nil)
end

module:hook("muc-occupant-joined", function(event)
	join(event.room, event.occupant)
end)

local departures = {} -- by nick: why its occupant is about to leave

-- muc-occupant-left does not say why; the presence broadcast just before it does.
local function note_departure(event)
	local codes = {}
	for status in event.x:childtags("status") do table.insert(codes, status.attr.code) end
	local cause = departures_of.cause_of(codes)
	if not cause then return end
	local reason = event.reason or event.stanza:get_child_text("status")
	departures[event.occupant.nick] = { cause = cause, reason = short(reason) }
end

module:hook("muc-broadcast-presence", function(event)
	local role = event.occupant.role
	if role == nil then
		note_departure(event)
	elseif role == "visitor" then
		-- Has no voice to say that the typing is over.
		life_of(event.room):rtt(id_of(event.occupant.nick), false)
	end
end)

local full_sessions = prosody.full_sessions

local function departure(event)
	local said, destroying = departures[event.nick], event.room.destroying
	departures[event.nick] = nil
	if destroying then
		return { cause = "destroyed", reason = short(destroying ~= true and destroying or nil) }
	elseif said and (said.cause ~= "error" or full_sessions[event.occupant.jid]) then
		return said
	elseif event.origin and not event.origin.destroyed then
		return { cause = "left", reason = short(event.stanza:get_child_text("status")) }
	elseif not event.origin and full_sessions[event.occupant.jid] then
		-- By some module, which did not say why.
		return { cause = "removed" }
	end
	-- mod_presence speaks for a connection that is gone.
	return { cause = "disconnected" }
end

module:hook("muc-occupant-left", function(event)
	life_of(event.room):leave(id_of(event.nick), departure(event))
end)

local function close(room_jid, data)
	local life = lives[room_jid]
	lives[room_jid] = nil
	if life then life.room:destroy(data) end
end

module:hook("muc-room-destroyed", function(event)
	close(event.room.jid, { reason = short(event.reason) })
end)

-- Locks: a room with a password. (muc-room-locked is something else: XEP-0045's lock on new rooms.) ----

-- After mod_muc has set the password (priority 0).
module:hook("muc-config-submitted/muc#roomconfig_roomsecret", function(event)
	local claims = event.origin.talky
	life_of(event.room):lock(claims and claims.sid, event.room:get_password() ~= nil)
end, -1)

-- Messages -------------------------------------------------------------------------------------------

-- Late: whatever refuses a message has done so.
module:hook("muc-occupant-groupchat", function(event)
	local stanza, id = event.stanza, id_of(event.occupant.nick)
	local life = life_of(event.room)
	local rtt = stanza:get_child("rtt", xmlns_rtt)
	-- XEP-0301 §6.2: clients may begin without <rtt event='init'/>.
	if rtt then life:rtt(id, rtt.attr.event ~= "cancel") end
	local said = messages.read(stanza)
	if not said then return end
	if not keep_bodies then said.body = nil end
	life:message(id, said)
end, -10)

-- Jingle between occupants ------------------------------------------------------------------------------

-- mod_muc sends a request on under an id that holds the receiver's JID and the sender's id, and so comes the
-- answer.
local function asked_id(id)
	return (base64.decode(id or "") or ""):match("^%Z+%z(%Z*)%z.")
end

-- Before the MUC rewrites addresses and ids (priority -2).
module:hook("iq/full", function(event)
	local stanza = event.stanza
	local said = jingle.read(stanza)
	local request = said and stanza.attr.id or jingle.is_answer(stanza) and asked_id(stanza.attr.id)
	local room = request and muc.get_room_from_jid(jid.bare(stanza.attr.to))
	local from = room and room:get_occupant_jid(stanza.attr.from)
	if not from then return end
	local life, to = life_of(room), id_of(stanza.attr.to)
	if said then
		life:jingle(id_of(from), to, said, request)
	else
		life:answer(id_of(from), to, request, jingle.read_refusal(stanza))
	end
end, 10)

-- Reloading -------------------------------------------------------------------------------------------
--
-- Prosody reloads this module on command, and with each it depends on. What it knows goes on; without this
-- module, what is open has ended, and begins anew when it comes back.

-- Whom we know of and who is there, made the same: while mod_muc was gone, nobody said who went.
local function reconcile(room_jid)
	local room, life = muc.get_room_from_jid(room_jid), lives[room_jid]
	for id in pairs(life and life.room.occupants or {}) do
		if not (room and room:get_occupant_by_nick(room_jid .. "/" .. id)) then
			life.room:leave(id, { cause = "disconnected" })
		end
	end
	if not (room and room:has_occupant()) then return close(room_jid, {}) end
	local occupants = {}
	for _, occupant in room:each_occupant() do table.insert(occupants, occupant) end
	table.sort(occupants, function(a, b) return a.nick < b.nick end)
	for _, occupant in ipairs(occupants) do join(room, occupant) end
end

local saved = false

function module.save()
	saved = true
	local state = {}
	for room_jid, life in pairs(lives) do
		state[room_jid] = { place = life.place, room = life.room:save() }
	end
	return { lives = state }
end

function module.restore(state)
	for room_jid, life in pairs(state.lives or {}) do
		lives[room_jid] = { place = life.place, room = rooms.restore(life.room, emitter(life.place)) }
	end
	for room_jid in pairs(state.lives or {}) do reconcile(room_jid) end
end

function module.load()
	if module.reloading then return end
	for room in muc.all_rooms() do reconcile(room.jid) end
end

function module.unload()
	if saved then return end
	for room_jid, life in pairs(lives) do
		life.room:close("unknown", "The module that watches rooms was unloaded")
		local room = muc.get_room_from_jid(room_jid)
		if room then room._data.talky_room_id = nil end
	end
	lives = {}
end
