-- Records when clients' sessions begin and end, drops clients that have fallen silent, and keeps clients
-- from speaking in the name of the outbox. For the virtual hosts that clients log in to.
--
-- The time of silence is Prosody's `network_settings = { read_timeout = … }`. Clients ping every 90 s.

local st = require "util.stanza"
local record = module:require "talky/record"

module:depends("talky_outbox")
local outbox = module:shared("/*/talky_outbox/outbox")

local longest_useragent = 1024

local function is_client(session)
	return session.talky ~= nil and session.talky.scope == "session"
end

local function useragent(session)
	local value = session.websocket_request and session.websocket_request.headers.user_agent
	return value and record.cut(record.clean(value), longest_useragent)
end

module:hook("resource-bind", function(event)
	local session = event.session
	if not is_client(session) then return end
	outbox.append {
		type = "session_started",
		actor = session.talky.sid,
		data = { userid = session.talky.userid, useragent = useragent(session) },
	}
end)

-- After mod_presence (priority 0), which takes the session out of its rooms.
module:hook("resource-unbind", function(event)
	local session = event.session
	if is_client(session) then outbox.append { type = "session_ended", actor = session.talky.sid } end
end, -10)

-- A frozen client's browser still answers WebSocket pings, so Prosody's own keepalive (negative
-- priorities) would keep it for ever. The API sends nothing while nothing happens: it is kept.
module:hook("c2s-read-timeout", function(event)
	if is_client(event.session) then return false end
end, 1)

-- Elements of ours are for the API and Prosody to send.
module:hook("pre-stanza", function(event)
	local origin, stanza = event.origin, event.stanza
	if not is_client(origin) then return end
	local function is_ours(tag) return (tag.attr.xmlns or ""):find("urn:talky:", 1, true) == 1 end
	if stanza.name ~= "iq" then
		stanza:maptags(function(tag) return not is_ours(tag) and tag or nil end)
	elseif stanza.tags[1] and is_ours(stanza.tags[1]) then
		origin.send(st.error_reply(stanza, "auth", "forbidden"))
		return true
	end
end)
