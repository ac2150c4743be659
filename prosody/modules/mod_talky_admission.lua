-- Lets nothing begin while the outbox is full (README.md, "A full outbox"): what cannot be written down
-- does not happen; nor has a client more written down than its share (README.md, "A client's share"). What
-- ends, and what the log does not have, is let through; the outbox has room for ends beyond its bound.
--
-- For the hosts that clients log in to, and for the one with the rooms.

local st = require "util.stanza"
local jingle = module:require "talky/jingle"
local messages = module:require "talky/message"

module:depends("talky_outbox")
local outbox = module:shared("/*/talky_outbox/outbox")

local function refuse(event)
	local condition, text = outbox.refusal(event.origin)
	if not condition then return end
	event.origin.send(st.error_reply(event.stanza, "wait", condition, text))
	return true
end

-- Logins ----------------------------------------------------------------------------------------------

if module:get_host_type() ~= "component" then
	local function check(event)
		local claims = event.session.talky
		if not (claims and claims.scope == "session") then return end
		local condition, text = outbox.refusal(event.session)
		if not condition then return end
		event.error = { type = "wait", condition = condition, text = text }
		return false
	end
	-- Before what takes time (mod_talky_customer_data, priority -1), and after.
	module:hook("pre-resource-bind", check, 1)
	module:hook("pre-resource-bind", check, -2)
	-- Before and after mod_talky_sessions writes down that it begins and ends.
	module:hook("resource-bind", function(event) outbox.enter(event.session) end, 1)
	module:hook("resource-unbind", function(event) outbox.leave(event.session) end, -20)
	-- What a room has let through comes by here again, on its way to its receiver.
	return
end

-- Rooms: before what has an effect, after what refuses for better reasons (mod_talky_identity) --------

module:hook("muc-room-pre-create", refuse, 9)
module:hook("muc-occupant-pre-join", refuse, 9)

module:hook("muc-occupant-groupchat", function(event)
	local rtt = event.stanza:get_child("rtt", "urn:xmpp:rtt:0")
	if messages.read(event.stanza) or (rtt and rtt.attr.event ~= "cancel") then return refuse(event) end
end, 49)

-- A form that sets a password.
local function locks(form)
	for field in form:childtags("field") do
		local value = field.attr.var == "muc#roomconfig_roomsecret" and field:get_child_text("value")
		if value and value ~= "" then return true end
	end
end

module:hook("iq-set/bare/http://jabber.org/protocol/muc#owner:query", function(event)
	local form = event.stanza.tags[1]:get_child("x", "jabber:x:data")
	if form and locks(form) then return refuse(event) end
end, 9)

module:hook("iq/full", function(event)
	local said = jingle.read(event.stanza)
	if said and jingle.begins(said) then return refuse(event) end
end, 11)
