local allowlist = library("allowlist")

local function split(address)
	local node, rest = address:match("^([^@/]*)@(.*)$")
	rest = rest or address
	return node, rest:match("^[^/]*"), rest:match("/(.*)$")
end

test("whom a stanza is for", function()
	for to, target in pairs {
		["users.example"] = "host", ["users.example/x"] = "elsewhere", ["guests.example"] = "elsewhere",
		["rooms.example"] = "rooms", ["rooms.example/x"] = "elsewhere", ["r@rooms.example"] = "room",
		["r@rooms.example/x"] = "occupant", ["a@users.example"] = "elsewhere", ["a@users.example/x"] = "elsewhere",
		["rooms.example.org"] = "elsewhere", ["r@rooms.example.org/x"] = "elsewhere",
	} do
		same(allowlist.target_of(to, "users.example", "rooms.example", split), target, to)
	end
	same(allowlist.target_of(nil, "users.example", "rooms.example", split), "self")
end)

local function stanza(name, type, payload)
	local tags = {}
	if payload then
		local xmlns, element = payload:match("^(%S*) (%S+)$")
		tags[1] = { name = element, attr = { xmlns = xmlns ~= "" and xmlns or nil }, tags = {} }
	end
	return { name = name, attr = { type = type }, tags = tags }
end

test("what passes is what is listed, and for whom", function()
	local passes = allowlist.new()
	same(passes(stanza("iq", "set", "urn:xmpp:jingle:1 jingle"), "occupant"), true)
	same(passes(stanza("iq", "get", "urn:xmpp:jingle:1 jingle"), "occupant"), false)
	same(passes(stanza("iq", "set", "urn:xmpp:jingle:1 jingle"), "elsewhere"), false)
	same(passes(stanza("iq", "set", "urn:xmpp:jingle:1 query"), "occupant"), false)
	same(passes(stanza("iq", "set", "jabber:iq:roster query"), "self"), false)
	same(passes(stanza("iq", "get"), "self"), false)
	same(passes(stanza("iq", "get", " ping"), "self"), false)
	for _, target in ipairs { "self", "host", "rooms", "room", "occupant", "elsewhere" } do
		same(passes(stanza("presence", "subscribe"), target), false)
		same(passes(stanza("message", "headline"), target), false)
	end
	same(passes(stanza("presence"), "occupant"), true)
	same(passes(stanza("presence"), "host"), false)
	same(passes(stanza("message"), "room"), false)
	same(passes(stanza("message", "groupchat"), "room"), true)
	same(passes(stanza("iq", "result"), "occupant"), true)
	same(passes(stanza("iq", "error"), "elsewhere"), false)
end)

test("an operator's own modules may be asked, at the rooms' host", function()
	local passes = allowlist.new { "get urn:example thing" }
	same(passes(stanza("iq", "get", "urn:example thing"), "rooms"), true)
	same(passes(stanza("iq", "get", "urn:example thing"), "room"), false)
	same(passes(stanza("iq", "set", "urn:example thing"), "rooms"), false)
	same(allowlist.new()(stanza("iq", "get", "urn:example thing"), "rooms"), false)
end)
