-- Lets nothing begin while the outbox is full (README.md, "A full outbox"): what cannot be written down
-- does not happen. What ends is always let through; the outbox has room for it beyond its bound.
--
-- For the hosts that clients log in to, and for the one with the rooms.

local st = require "util.stanza"
local jingle = module:require "talky/jingle"

module:depends("talky_outbox")
local outbox = module:shared("/*/talky_outbox/outbox")

local text = "What happens cannot be written down now: try again later"

local function refuse(event)
	if not outbox.is_full() then return end
	event.origin.send(st.error_reply(event.stanza, "wait", "resource-constraint", text))
	return true
end

-- Before anything that takes time (mod_talky_customer_data).
module:hook("pre-resource-bind", function(event)
	local claims = event.session.talky
	if not (claims and claims.scope == "session" and outbox.is_full()) then return end
	event.error = { type = "wait", condition = "resource-constraint", text = text }
	return false
end, 1)

-- All of these go before what has an effect; below what refuses for better reasons (mod_talky_identity).
module:hook("muc-room-pre-create", refuse, 9)
module:hook("muc-occupant-pre-join", refuse, 9)
module:hook("muc-occupant-groupchat", refuse, 49)

module:hook("iq-set/bare/http://jabber.org/protocol/muc#owner:query", function(event)
	if event.stanza.tags[1]:get_child("x", "jabber:x:data") then return refuse(event) end
end, 9)

module:hook("iq/full", function(event)
	local said = jingle.read(event.stanza)
	if said and said.action ~= "session-terminate" then return refuse(event) end
end, 11)
