-- Tells which rooms this Prosody has and who is in them, for chaos to hold the database against: answers
-- `<roster xmlns='urn:chaos:roster'/>` with the ids of rooms, and of sessions behind them, one room a line.
-- For the rooms' host.

local jid = require "util.jid"
local st = require "util.stanza"
local room_id = module:require "talky/room_id"

local muc = module:depends("muc")

module:hook("iq-get/host/urn:chaos:roster:roster", function(event)
	local lines = {}
	for room in muc.live_rooms() do
		local words = { room_id(room) }
		for nick in room:each_occupant() do table.insert(words, jid.resource(nick)) end
		table.insert(lines, table.concat(words, " "))
	end
	local text = table.concat(lines, "\n")
	event.origin.send(st.reply(event.stanza):tag("roster", { xmlns = "urn:chaos:roster" }):text(text))
	return true
end)
