-- Presence, as far as a call needs it, in place of mod_presence and mod_roster (ADR 18): a client hears its own
-- again, presence goes to rooms, and who goes leaves its rooms. Nobody subscribes to anybody, and nobody's presence
-- goes to the other sessions of the same user.
--
-- For the hosts that clients log in to. Which rooms a session is in says mod_talky_rooms.

local st = require "util.stanza"

local full_sessions = prosody.full_sessions

-- Out of all rooms. `presence` is what those in them hear.
local function leave(session, presence)
	local rooms = session.talky_rooms or {}
	-- Each takes itself off the list.
	local occupants = {}
	for _, nick in pairs(rooms) do table.insert(occupants, nick) end
	for _, nick in ipairs(occupants) do
		local goodbye = st.clone(presence)
		goodbye.attr.to, goodbye.attr.from = nick, session.full_jid
		prosody.core_post_stanza(session, goodbye)
	end
end

-- From a client to nobody.
module:hook("presence/bare", function(event)
	local session, stanza = event.origin, event.stanza
	if stanza.attr.to ~= nil then return true end
	-- RFC 6121 §4.2.2: a client hears of its presence as others do.
	if full_sessions[session.full_jid] then session.send(stanza) end
	if stanza.attr.type == "unavailable" then
		session.presence = nil
		leave(session, stanza)
	else
		session.presence = stanza
	end
	return true
end)

-- From a room to somebody in it.
module:hook("presence/full", function(event)
	local session = full_sessions[event.stanza.attr.to]
	if session then session.send(event.stanza) end
	return true
end)

module:hook("resource-unbind", function(event)
	local presence = st.presence { type = "unavailable" }
	if event.error then presence:text_tag("status", "Disconnected: " .. event.error) end
	leave(event.session, presence)
end)

-- General clients ask for it before they do anything else.
module:hook("iq-get/self/jabber:iq:roster:query", function(event)
	event.origin.send(st.reply(event.stanza):query("jabber:iq:roster"))
	return true
end)
