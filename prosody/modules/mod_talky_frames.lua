-- Takes messages that come in several WebSocket frames, as Chromium sends what is longer than 128 KiB;
-- mod_websocket closes the connection over them. And answers a stanza that is longer than one may be, or has more
-- elements, with an error: mod_websocket ends the stream over the one, and so the call of a user who pasted too much,
-- and has the other parsed first, which takes so long that everybody notices.
--
-- The bound is Prosody's own `c2s_stanza_size_limit`; logging in has bounds of its own. Clients are told it in
-- the stream's features (XEP-0478), by Prosody itself from 13 on.

module:set_global()

local filters = require "util.filters"
local codec = require "net.websocket.frames"
local parse_xml = require "util.xml".parse
local st = require "util.stanza"
local frames = module:require "talky/frames"
local shape = module:require "talky/shape"

local limit = module:get_option_number("c2s_stanza_size_limit", 256 * 1024)
local head_size = 8 * 1024
local protocol_error = 1002

local too_big = { xmlns = "urn:xmpp:errors" }
local said = ("A stanza may have at most %d bytes"):format(limit)

local stanzas = { message = true, presence = true, iq = true }

local function flaw(text) return shape.text_flaw(text, shape.most_elements) end

-- Whether what a stanza that was taken out began with can be answered, or needs no answer.
local function answer(session, head, what)
	local tag = frames.start_tag(head)
	local stanza = tag and parse_xml(tag)
	if not (session.type == "c2s" and stanza and stanzas[stanza.name]) then return false end
	local type = stanza.attr.type
	if type == "error" or (stanza.name == "iq" and type ~= "get" and type ~= "set") then return true end
	local reply = st.error_reply(stanza, "modify", "policy-violation", what or said)
	session.send(what and reply or reply:tag("stanza-too-big", too_big))
	return true
end

module:hook("websocket-session", function(event)
	local session = event.session
	local reader = frames.new { limit = limit, head = head_size, codec = codec, flaw = flaw }
	-- Between mod_limits (1000) and mod_websocket (0).
	filters.add_filter(session, "bytes/in", function(data)
		local others, messages = reader.others, reader.messages
		local passed, refused, fault = reader:read(data)
		-- mod_talky_throttle counts stanzas itself.
		if session.talky_charge then session.talky_charge(reader.others - others + #refused) end
		-- One more, that has begun before.
		session.talky_messages = reader.messages - messages + 1
		for _, message in ipairs(refused) do
			if not answer(session, message.head, message.flaw) then
				session:close {
					condition = "policy-violation", text = message.flaw or said,
					extra = not message.flaw and st.stanza("stanza-too-big", too_big) or nil,
				}
				return nil
			end
		end
		if fault and session.conn then
			session.log("info", "WebSocket frames that are none: %s", fault)
			session.conn:write(codec.build_close(protocol_error, fault))
			session.conn:close()
		end
		-- mod_websocket's buffer holds few pieces, and takes an empty one for a piece.
		return passed ~= "" and passed or nil
	end, 500)
end)

function module.add_host(host)
	host:hook("stream-features", function(event)
		local features = event.features
		if prosody.version:match("^0%.") then
			features:tag("limits", { xmlns = "urn:xmpp:stream-limits:0" })
				:text_tag("max-bytes", ("%d"):format(limit)):up()
		end
	end)
end
