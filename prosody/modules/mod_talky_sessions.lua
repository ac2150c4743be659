-- Records when clients' sessions begin and end, and drops clients that have fallen silent. For the hosts that
-- clients log in to.
--
-- Half the time of silence is Prosody's `network_settings = { read_timeout = … }`.

local filters = require "util.filters"
local st = require "util.stanza"
local uuid = require "util.uuid"
local record = module:require "talky/record"

module:depends("talky_outbox")
local outbox = module:shared("/*/talky_outbox/outbox")

local longest_useragent = 1024

local function is_client(session)
	return session.talky ~= nil and session.talky.scope == "session"
end

-- The API's relay cannot replace its own User-Agent, so it names the client's beside it (ADR 0006).
local function useragent(session)
	local headers = session.websocket_request and session.websocket_request.headers
	local value = headers and (headers.x_forwarded_user_agent or headers.user_agent)
	return value and record.cut(record.clean(value), longest_useragent)
end

-- Prosody 0.12 takes the read timeout off a connection that its limits slow down, as they do for a moment
-- after everything over a kilobyte, and forgets to set it again.
local function keep_read_timeout(conn)
	local pausefor = conn.pausefor
	if not pausefor then return end
	function conn:pausefor(...)
		pausefor(self, ...)
		self:setreadtimeout()
	end
end

module:hook("resource-bind", function(event)
	local session = event.session
	if not is_client(session) then return end
	keep_read_timeout(session.conn)
	filters.add_filter(session, "stanzas/in", function(stanza)
		session.talky_asked = nil
		return stanza
	end)
	outbox.append {
		type = "session_started",
		actor = session.talky.sid,
		data = { userid = session.talky.userid, useragent = useragent(session) },
	}
end)

-- After mod_talky_presence (priority 0), which takes the session out of its rooms.
module:hook("resource-unbind", function(event)
	local session = event.session
	if is_client(session) then outbox.append { type = "session_ended", actor = session.talky.sid } end
end, -10)

-- A client that has said nothing for a read timeout is asked (XEP-0199), and dropped when it says nothing
-- for another. A frozen page cannot answer; its browser still answers WebSocket pings, so Prosody's own
-- keepalive (negative priorities) would keep it for ever. A hidden tab answers, though browsers let its own
-- timers run late. The API says nothing while nothing happens: it is kept.
module:hook("c2s-read-timeout", function(event)
	local session = event.session
	if not is_client(session) then return end
	if session.talky_asked then return false end
	session.talky_asked = true
	session.send(st.iq({ type = "get", from = session.host, to = session.full_jid, id = uuid.generate() })
		:tag("ping", { xmlns = "urn:xmpp:ping" }))
	return true
end, 1)
