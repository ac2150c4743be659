-- Says who is who in a room: a `<user/>` element on every presence and message, which clients cannot forge
-- (mod_talky_allowlist takes theirs off), and nicks that are session ids. Also lets moderators kick by nick, as
-- Talky's clients do.

local jid = require "util.jid"
local st = require "util.stanza"
local room_id = module:require "talky/room_id"

local xmlns_core = "https://talky.io/ns/core"
local full_sessions = prosody.full_sessions

-- `sid` is what clients send as peerId in telemetry, `rid` as roomId.
local function stamp(stanza, room, occupant)
	stanza:remove_children("user", xmlns_core)
	local session = full_sessions[occupant.jid]
	local user = st.stanza("user", { xmlns = xmlns_core, sid = jid.resource(occupant.nick), rid = room_id(room) })
	-- What clients show as the peer's customerData: JSON, which mod_talky_customer_data has fetched.
	stanza:add_direct_child(user:text(session and session.talky.customer_data or "{}"))
end

-- May fire more than once for a stanza.
module:hook("muc-build-occupant-presence", function(event)
	if event.stanza.attr.type == nil and event.occupant then
		stamp(event.stanza, event.room, event.occupant)
	end
end)

-- After the role check (priority 50): there is an occupant.
module:hook("muc-occupant-groupchat", function(event)
	stamp(event.stanza, event.room, event.occupant)
end, 10)

-- Nicks ----------------------------------------------------------------------------------------------

local function check_entry(event)
	local claims = event.origin.talky
	-- The API has none: it joins no rooms.
	if not claims or jid.resource(event.stanza.attr.to) ~= claims.sid then
		event.origin.send(st.error_reply(
			event.stanza, "modify", "not-acceptable", "The nick must be the session id", event.room.jid))
		return true
	end
end

-- The creator is refused before the room exists: refusing in pre-join would leave an empty room behind.
module:hook("muc-room-pre-create", check_entry, 10)
module:hook("muc-occupant-pre-join", check_entry, 10)
module:hook("muc-occupant-pre-change", check_entry, 10)

-- Talky's clients name whom they kick by `room@host/nick` where XEP-0045 §9 wants a bare JID.
module:hook("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function(event)
	local stanza = event.stanza
	local item = stanza.tags[1].tags[1]
	local target = item and item.attr.jid
	if not target or jid.bare(target) ~= stanza.attr.to then return end
	local room = module:depends("muc").get_room_from_jid(stanza.attr.to)
	local occupant = room and room:get_occupant_by_nick(target)
	if occupant then item.attr.jid = occupant.bare_jid end
end, 5)
