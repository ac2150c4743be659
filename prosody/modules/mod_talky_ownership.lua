-- Keeps a room from being without an owner, and an owner from being locked out (ADR 12). Who is next is for
-- talky/succession.lib.lua to decide; everybody in the room is told as of any change of affiliation (XEP-0045 §10).

local bare = require "util.jid".bare
local st = require "util.stanza"
local succession = module:require "talky/succession"

local xmlns_muc = "http://jabber.org/protocol/muc"

-- With the room, so that they outlive a reload, and the room's stay in storage.
local function line_of(room)
	local data = room._data
	data.talky_heirs = data.talky_heirs or {}
	return data.talky_heirs
end

local function arrivals_of(room)
	local data = room._data
	data.talky_arrivals = data.talky_arrivals or { count = 0, by_nick = {} }
	return data.talky_arrivals
end

local function occupants_of(room)
	local arrivals, occupants = arrivals_of(room).by_nick, {}
	for nick, occupant in room:each_occupant() do
		if occupant.role then
			table.insert(occupants, {
				user = occupant.bare_jid,
				affiliation = room:get_affiliation(occupant.bare_jid) or "none",
				role = occupant.role,
				-- Who came before this module was loaded came first.
				arrival = arrivals[nick] or 0,
			})
		end
	end
	return occupants
end

local function settle(room)
	if room.destroying then return end
	for _, change in ipairs(succession.settle(line_of(room), occupants_of(room))) do
		local affiliation = change.affiliation
		-- Those who are in a room for members already may stay.
		if affiliation == "none" and room:get_members_only() then affiliation = "member" end
		room:set_affiliation(true, change.user, affiliation)
	end
end

-- After everything else: what others make of a join or a leave comes first, the end of an empty room (-1) too.
module:hook("muc-occupant-joined", function(event)
	local arrivals = arrivals_of(event.room)
	arrivals.count = arrivals.count + 1
	arrivals.by_nick[event.nick] = arrivals.count
	settle(event.room)
end, -10)

module:hook("muc-occupant-left", function(event)
	arrivals_of(event.room).by_nick[event.nick] = nil
	settle(event.room)
end, -10)

-- An actor is somebody in the room; what we change ourselves has none.
module:hook("muc-set-affiliation", function(event)
	if not event.actor then return end
	succession.decide(line_of(event.room), event.jid)
	settle(event.room)
end)

-- An heir looks after the room: it may lock, unlock and send away guests, not make or unmake owners. Who owns the
-- room in their own right finds it so when they come back.
module:hook("muc-pre-set-affiliation", function(event)
	local is_about_owners = event.affiliation == "owner" or event.previous_affiliation == "owner"
	if is_about_owners and event.actor and succession.is_heir(line_of(event.room), bare(event.actor)) then
		event.allowed = false
	end
end)

-- An owner needs no password, which it may read and change without being inside. Before mod_muc asks for it
-- (priority -20).
module:hook("muc-occupant-pre-join", function(event)
	local room, stanza = event.room, event.stanza
	local x = stanza:get_child("x", xmlns_muc)
	local password = room:get_password()
	if not (x and password) or room:get_affiliation(stanza.attr.from) ~= "owner" then return end
	x:remove_children("password")
	x:add_direct_child(st.stanza("password", { xmlns = xmlns_muc }):text(password))
end, -19)
