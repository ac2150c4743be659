-- What a call needs of XMPP (ADR 18): which stanzas of a client pass, by kind, type, payload and whom they are for.
-- Everything else is refused, also what some module would answer. Uses only the plain fields of a stanza (name,
-- attr, tags), none of its methods.
--
-- Whom a stanza is for:
--   self      the client's own account, or nobody: its server on its behalf (RFC 6120 §8.1.1.1)
--   host      the host that it logged in to
--   rooms     the host with the rooms
--   room      a room
--   occupant  somebody in a room
--   elsewhere anything else: other accounts and sessions, other hosts

local disco = "http://jabber.org/protocol/disco"
local muc = "http://jabber.org/protocol/muc"

-- Requests, as `TYPE NAMESPACE NAME`.
local requests = {
	self = {
		"get urn:xmpp:ping ping",
		"get " .. disco .. "#info query", -- general clients look for what their account can
		"get jabber:iq:roster query", -- and stop without an answer; it is empty (mod_talky_presence)
		"set urn:ietf:params:xml:ns:xmpp-session session", -- of RFC 3921: older clients insist
	},
	host = {
		"get urn:xmpp:ping ping",
		"get " .. disco .. "#info query",
		"get " .. disco .. "#items query", -- how a client finds the rooms' host
		"set urn:ietf:params:xml:ns:xmpp-session session",
	},
	rooms = {
		"get " .. disco .. "#info query",
		"get " .. disco .. "#items query", -- empty: no room is listed (mod_talky_rooms)
	},
	room = {
		"get " .. disco .. "#info query", -- the SDK asks why it was not let in
		"get " .. muc .. "#owner query", "set " .. muc .. "#owner query", -- locking, ending
		"get " .. muc .. "#admin query", "set " .. muc .. "#admin query", -- kicking, banning
	},
	occupant = {
		"set urn:xmpp:jingle:1 jingle",
		"get urn:xmpp:ping ping", -- XEP-0410: am I still in it?
		"get " .. disco .. "#info query", -- XEP-0115: what a peer's client can
	},
	elsewhere = {},
}

-- Presence and messages by their types, `available` and `normal` where they have none.
local presences = {
	self = { available = true, unavailable = true },
	room = { available = true, unavailable = true },
	-- With an error one takes oneself out of the room.
	occupant = { available = true, unavailable = true, error = true },
}
local messages = {
	room = { groupchat = true, error = true },
	occupant = { chat = true, normal = true, error = true },
}

-- Answers, with type result and error, go to those who may ask: Prosody, and peers.
local answered = { self = true, host = true, rooms = true, occupant = true }

local function set_of(list)
	local set = {}
	for _, value in ipairs(list) do set[value] = true end
	return set
end

-- Returns whom a stanza `to` somebody is for, of a client that is logged in to `own_host`. `split` takes an address
-- to node, host and resource. (Prosody takes `to` off what is for the client's own account.)
local function target_of(to, own_host, rooms_host, split)
	if to == nil then return "self" end
	local node, host, resource = split(to)
	if host == rooms_host then
		if not node then return resource and "elsewhere" or "rooms" end
		return resource and "occupant" or "room"
	end
	return to == own_host and "host" or "elsewhere"
end

-- Returns what tells whether a stanza for a target passes. `more`: requests, in the same form, that the rooms'
-- host answers besides.
local function new(more)
	local allowed = {}
	for target, list in pairs(requests) do allowed[target] = set_of(list) end
	for _, request in ipairs(more or {}) do allowed.rooms[request] = true end
	return function(stanza, target)
		local type = stanza.attr.type
		if stanza.name == "presence" then
			return presences[target] ~= nil and presences[target][type or "available"] == true
		elseif stanza.name == "message" then
			return messages[target] ~= nil and messages[target][type or "normal"] == true
		elseif type == "get" or type == "set" then
			local payload = stanza.tags[1]
			return payload ~= nil
				and allowed[target][("%s %s %s"):format(type, payload.attr.xmlns or "", payload.name)] == true
		end
		return answered[target] == true
	end
end

return { new = new, target_of = target_of }
