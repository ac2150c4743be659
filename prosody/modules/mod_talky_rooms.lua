-- How many rooms a session may be in, how long a room's lists may grow, and what a room tells those outside of it.
-- For the host with the rooms.
--
-- Options:
--   talky_rooms_per_session      default 20
--   talky_affiliations_per_room  members, admins, owners and banned users; default 1000

local st = require "util.stanza"

local most_rooms = module:get_option_number("talky_rooms_per_session", 20)
local most_affiliations = module:get_option_number("talky_affiliations_per_room", 1000)

local full_sessions = prosody.full_sessions

-- Which rooms a session is in: the address of its occupant by that of the room. mod_talky_presence leaves them.
local function rooms_of(session)
	session.talky_rooms = session.talky_rooms or {}
	return session.talky_rooms
end

local function count(list)
	local number = 0
	for _ in pairs(list) do number = number + 1 end
	return number
end

local function has_enough(event)
	local session, stanza = event.origin, event.stanza
	if count(rooms_of(session)) < most_rooms then return end
	session.send(st.error_reply(stanza, "wait", "resource-constraint",
		("A session may be in %d rooms at once: leave one first"):format(most_rooms), event.room.jid))
	return true
end

-- Before what has an effect (mod_talky_admission, 9), after what refuses for better reasons (mod_talky_identity, 10).
module:hook("muc-room-pre-create", has_enough, 9.5)
module:hook("muc-occupant-pre-join", function(event)
	-- Into a new one, it has been asked already.
	if not event.is_new_room then return has_enough(event) end
end, 9.5)

module:hook("muc-occupant-session-new", function(event)
	local session = full_sessions[event.jid]
	if session then rooms_of(session)[event.room.jid] = event.nick end
end, 10)

local function forget(event)
	local session = full_sessions[event.occupant.jid]
	if session then rooms_of(session)[event.room.jid] = nil end
end
module:hook("muc-occupant-left", forget, 10)

-- Whom it has not seen come, it has not seen come before it was loaded.
function module.load()
	for room in module:depends("muc").all_rooms() do
		for nick, occupant in room:each_occupant() do
			local session = full_sessions[occupant.jid]
			if session then rooms_of(session)[room.jid] = nick end
		end
	end
end

module:hook("muc-pre-set-affiliation", function(event)
	if event.affiliation == "none" or event.previous_affiliation ~= "none" then return end
	if count(event.room._affiliations) < most_affiliations then return end
	event.allowed = false
	event.error = { type = "wait", condition = "resource-constraint" }
end)

-- What outsiders are told -----------------------------------------------------------------------------

-- No room is listed. mod_muc would look at each to find that out.
module:hook("host-disco-items", function(event)
	event.origin.send(event.reply)
	return true
end, 1)

-- Whether a password is needed, the SDK asks; how many are in it, those inside see.
module:hook("muc-disco#info", function(event)
	if event.room:get_occupant_jid(event.stanza.attr.from) then return end
	local form, name = event.form, "muc#roominfo_occupants"
	for index = #form, 1, -1 do
		if form[index].name == name then table.remove(form, index) end
	end
	event.formdata[name] = nil
end, -10)
