-- Answers what Prosody would throw at, and stay silent: requests that lack what mod_muc takes for granted, and
-- settings of a room that it takes unseen and fails with later, or hangs. Seen in Prosody 0.12 and 13.
-- Whatever else throws is answered, too, and logged.
--
-- For the host with the rooms, and the hosts that clients log in to.

local filters = require "util.filters"
local jid = require "util.jid"
local st = require "util.stanza"

-- Whatever else throws --------------------------------------------------------------------------------

local function is_request(stanza)
	local type = stanza.attr.type
	return type ~= "error" and type ~= "result"
end

-- Around all handlers of an event, and the events that they fire: mod_iq tells requests apart in one of these.
local function shield(fire, name, event)
	local stanza, attr = event.stanza, {}
	for key, value in pairs(stanza.attr) do attr[key] = value end
	local ok, result = xpcall(fire, debug.traceback, name, event)
	if ok then return result end
	module:log("error", "%s from %s was not dealt with: %s", name, attr.from, result)
	stanza.attr = attr
	if is_request(stanza) then event.origin.send(st.error_reply(stanza, "cancel", "internal-server-error")) end
	return true
end

for _, kind in ipairs { "iq", "message", "presence" } do
	for _, target in ipairs { "bare", "full", "host" } do module:wrap_event(kind .. "/" .. target, shield) end
end

if module:get_host_type() ~= "component" then
	-- An error takes no answer (RFC 6120 §8.3.1). Prosody tries one where it has no id.
	local function is_stray(stanza)
		return stanza.name == "iq" and stanza.attr.type == "error" and stanza.attr.id == nil
	end
	module:hook("resource-bind", function(event)
		local session = event.session
		filters.add_filter(session, "stanzas/in", function(stanza)
			if not is_stray(stanza) then return stanza end
		end)
	end)
	return
end

-- Rooms: requests -------------------------------------------------------------------------------------

local muc = module:depends("muc")
local is_kickable = module:require "muc/util".is_kickable_error

local xmlns_muc = "http://jabber.org/protocol/muc"

local function refuse(event, type, condition, text)
	event.origin.send(st.error_reply(event.stanza, type, condition, text, event.stanza.attr.to))
	return true
end

module:hook("iq-get/bare/" .. xmlns_muc .. "#admin:query", function(event)
	if event.stanza.tags[1].tags[1] then return end
	return refuse(event, "modify", "bad-request", "The query takes an item with a role or an affiliation")
end, 1)

-- An error to an occupant who is not there takes no answer.
module:hook("message/full", function(event)
	local stanza = event.stanza
	local room = stanza.attr.type == "error" and muc.get_room_from_jid(jid.bare(stanza.attr.to))
	if not room or is_kickable(stanza) or room:get_occupant_by_nick(stanza.attr.to) then return end
	return true
end, 1)

-- Rooms: settings -------------------------------------------------------------------------------------

local function offered_by(options)
	local offered = {}
	for _, option in ipairs(options) do
		offered[type(option) == "table" and option.value or option] = true
	end
	return offered
end

-- What is wrong with a submitted field, or nil. mod_muc holds no value against the form it has sent. With a
-- negative length of its history it shortens that for ever.
local function flaw(field, submitted)
	local values = {}
	for value in submitted:childtags("value") do table.insert(values, value:get_text() or "") end
	if field.options then
		local offered = offered_by(field.options)
		for _, value in ipairs(values) do
			if not offered[value] then return "takes what the form offers" end
		end
		if #values == 0 then return "takes a value" end
	elseif field.datatype == "xs:integer" then
		local number = values[1] and math.tointeger(tonumber(values[1]))
		if not number or number < 0 then return "takes a number from 0" end
	end
end

module:hook("iq-set/bare/" .. xmlns_muc .. "#owner:query", function(event)
	local stanza = event.stanza
	local form = stanza.tags[1]:get_child("x", "jabber:x:data")
	local room = form and form.attr.type == "submit" and muc.get_room_from_jid(stanza.attr.to)
	if not room or room:get_affiliation(stanza.attr.from) ~= "owner" then return end
	local fields = {}
	for _, field in ipairs(room:get_form_layout(stanza.attr.from)) do
		if field.name then fields[field.name] = field end
	end
	for submitted in form:childtags("field") do
		local name = submitted.attr.var
		local wrong = fields[name] and flaw(fields[name], submitted)
		if wrong then return refuse(event, "modify", "not-acceptable", name .. " " .. wrong) end
	end
end, 1)
