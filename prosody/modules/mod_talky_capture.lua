-- Turns what happens in rooms into records (README.md, "Records"). This file knows which stanza says
-- what; what it means is for talky/room.lib.lua to decide.
--
-- Option:
--   talky_message_bodies  whether records hold the text of messages; default false

local jid = require "util.jid"
local jingle = module:require "talky/jingle"
local record = module:require "talky/record"
local room_id = module:require "talky/room_id"
local rooms = module:require "talky/room"

local muc = module:depends("muc")
module:depends("talky_outbox")
local outbox = module:shared("/*/talky_outbox/outbox")

local keep_bodies = module:get_option_boolean("talky_message_bodies", false)
local longest_reason = 1000

local xmlns_rtt = "urn:xmpp:rtt:0"

local lives = {} -- by room JID

local function life_of(room)
	local life = lives[room.jid]
	if not life then
		local place = { id = room_id(room), jid = room.jid }
		life = rooms.new(function(type, actor, data, peer)
			outbox.append { type = type, room = place, actor = actor, peer = peer, data = data }
		end)
		lives[room.jid] = life
	end
	return life
end

-- Nicks are session ids (mod_talky_identity).
local id_of = jid.resource

local function short(reason)
	return reason and reason ~= "" and record.cut(reason, longest_reason) or nil
end

-- Joining and leaving ---------------------------------------------------------------------------------

module:hook("muc-occupant-joined", function(event)
	local room, id = event.room, id_of(event.nick)
	local life = life_of(room)
	life:join(id, jid.node(room.jid), {
		userid = event.occupant.bare_jid,
		role = event.occupant.role,
		affiliation = room:get_affiliation(event.occupant.bare_jid) or "none",
	})
	life:lock(id, room:get_password() ~= nil)
end)

-- The status codes of XEP-0045 §15.6 that go before a leave nobody asked the leaver for.
local causes = {
	["301"] = "banned", ["307"] = "kicked", ["321"] = "removed", ["322"] = "removed", ["333"] = "disconnected",
}

local departures = {} -- by nick: why its occupant is about to leave

-- muc-occupant-left does not say why; the presence broadcast just before it does.
module:hook("muc-broadcast-presence", function(event)
	if event.occupant.role ~= nil then return end
	for status in event.x:childtags("status") do
		local cause = causes[status.attr.code]
		if cause then departures[event.occupant.nick] = { cause = cause, reason = short(event.reason) } end
	end
end)

local function departure(event)
	local said, destroying = departures[event.nick], event.room.destroying
	departures[event.nick] = nil
	if destroying then
		return { cause = "destroyed", reason = short(destroying ~= true and destroying or nil) }
	elseif said then
		return said
	elseif not event.origin or event.origin.destroyed then
		-- mod_presence speaks for a connection that is gone.
		return { cause = "disconnected" }
	end
	return { cause = "left", reason = short(event.stanza:get_child_text("status")) }
end

module:hook("muc-occupant-left", function(event)
	life_of(event.room):leave(id_of(event.nick), departure(event))
end)

module:hook("muc-room-destroyed", function(event)
	local life = lives[event.room.jid]
	lives[event.room.jid] = nil
	if life then life:destroy { reason = short(event.reason) } end
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
	local body = stanza:get_child_text("body")
	if body and body ~= "" then
		life:message(id, { length = utf8.len(body) or #body, body = keep_bodies and body or nil })
	end
end, -10)

-- Jingle between occupants, before the MUC rewrites its addresses (priority -2).
module:hook("iq/full", function(event)
	local stanza = event.stanza
	local said = jingle.read(stanza)
	local room = said and muc.get_room_from_jid(jid.bare(stanza.attr.to))
	local from = room and room:get_occupant_jid(stanza.attr.from)
	if from then life_of(room):jingle(id_of(from), id_of(stanza.attr.to), said) end
end, 10)
