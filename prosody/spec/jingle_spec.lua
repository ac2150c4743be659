local jingle_lib = library("jingle")
local read, begins, read_refusal = jingle_lib.read, jingle_lib.begins, jingle_lib.read_refusal

-- A stanza as Prosody has it, without its methods.
local function element(name, attr, ...)
	return { name = name, attr = attr, tags = { ... } }
end

local xmlns = "urn:xmpp:jingle:1"
local rtp = "urn:xmpp:jingle:apps:rtp:1"
local info = "urn:xmpp:jingle:apps:rtp:info:1"

local function jingle(attr, ...)
	attr.xmlns = xmlns
	return element("iq", { type = "set" }, element("jingle", attr, ...))
end

local function content(media, ...)
	return element("content", { xmlns = xmlns, name = media }, element("description", { xmlns = rtp, media = media }, ...))
end

test("what is no Jingle request", function()
	same(read(element("iq", { type = "set" }, element("query", { xmlns = "jabber:iq:version" }))), nil)
	same(read(element("iq", { type = "set" })), nil)
	same(read(element("iq", { type = "get" }, element("jingle", { xmlns = xmlns, sid = "s" }))), nil)
	same(read(element("iq", { type = "result" })), nil)
	same(read(jingle { action = "session-initiate" }), nil)
	same(read(jingle { action = "session-initiate", sid = ("s"):rep(256) }), nil)
end)

test("media, each once", function()
	local said = read(jingle({ action = "session-initiate", sid = "s" },
		content "audio", content "video", content "audio"))
	same(said, { action = "session-initiate", sid = "s", media = { "audio", "video" }, pauses = {} })
end)

test("a content that is not RTP has no medium", function()
	local data = element("content", { xmlns = xmlns }, element("description", { xmlns = "urn:example:data", media = "x" }))
	same(read(jingle({ action = "session-initiate", sid = "s" }, data)).media, {})
end)

test("a screen", function()
	local screen = element("screen", { xmlns = "https://talky.io/ns/core", id = "scr" })
	same(read(jingle({ action = "description-info", sid = "s" }, content("video", screen))).screen, "scr")
	local foreign = element("screen", { xmlns = "urn:example", id = "scr" })
	same(read(jingle({ action = "description-info", sid = "s" }, content("video", foreign))).screen, nil)
end)

test("the condition of a reason, not its text", function()
	local reason = element("reason", { xmlns = xmlns }, element("text", {}), element("decline", {}))
	same(read(jingle({ action = "session-terminate", sid = "s" }, reason)).reason, "decline")
end)

test("mute and unmute of audio and video", function()
	local said = read(jingle({ action = "session-info", sid = "s" },
		element("mute", { xmlns = info, name = "audio" }), element("unmute", { xmlns = info, name = "video" }),
		element("mute", { xmlns = info, name = "smell" }), element("mute", { xmlns = info }),
		element("mute", { xmlns = "urn:example", name = "audio" }), element("ringing", { xmlns = info, name = "audio" })))
	same(said.pauses, { { medium = "audio", paused = true }, { medium = "video", paused = false } })
end)

test("what begins something, and what only goes on or ends", function()
	local function begun(action, ...) return begins(read(jingle({ action = action, sid = "s" }, ...))) end
	local screen = element("screen", { xmlns = "https://talky.io/ns/core", id = "scr" })
	local function pauses(name) return element(name, { xmlns = info, name = "audio" }) end
	same(begun("session-initiate", content("audio")), true)
	same(begun("session-accept", content("audio")), true)
	same(begun("description-info", content("video", screen)), true)
	same(begun("session-info", pauses("unmute"), pauses("mute")), true)
	same(begun("description-info", content("video")), false)
	same(begun("session-info", pauses("unmute")), false)
	same(begun("session-info", element("ringing", { xmlns = info })), false)
	same(begun("transport-info", content("audio")), false)
	same(begun("content-add", content("video")), false)
	same(begun("session-terminate"), false)
end)

test("who sends what, where it is said", function()
	local one_way = content("video")
	one_way.attr.senders = "initiator"
	local said = read(jingle({ action = "session-initiate", sid = "s" }, content("audio"), one_way))
	same(said.senders, { video = "initiator" })
end)

test("what a refusal says, and whether it is that there is no such session", function()
	local stanzas, errors = "urn:ietf:params:xml:ns:xmpp-stanzas", "urn:xmpp:jingle:errors:1"
	local function refused(condition, specific)
		local error = element("error", { type = "cancel" }, element("text", { xmlns = stanzas }),
			element(condition, { xmlns = stanzas }), specific and element(specific, { xmlns = errors }))
		return read_refusal(element("iq", { type = "error" }, error))
	end
	same(refused("item-not-found", "unknown-session"), { condition = "unknown-session", unknown = true })
	same(refused("conflict", "tie-break"), { condition = "tie-break", unknown = false })
	same(refused("unexpected-request", "out-of-order"), { condition = "out-of-order", unknown = false })
	same(refused("feature-not-implemented", "unsupported-info"), { condition = "unsupported-info", unknown = false })
	same(refused("service-unavailable"), { condition = "service-unavailable", unknown = true })
	same(refused("resource-constraint"), { condition = "resource-constraint", unknown = false })
	same(read_refusal(element("iq", { type = "error" })), { condition = "undefined-condition", unknown = false })
	same(read_refusal(element("iq", { type = "result" })), nil)
end)
