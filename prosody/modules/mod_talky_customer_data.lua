-- Fetches what a session's application says of its user (README.md, "customerData"): up to 16 KiB, more
-- than a credential holds, so it is asked of the API before the session begins. Whoever cannot be given
-- a name does not get in: the login fails, and the client tries again.
--
-- Leaves the JSON in `session.talky.customer_data`.

local async = require "util.async"
local json = require "util.json"
local st = require "util.stanza"

module:depends("talky_outbox")
local outbox = module:shared("/*/talky_outbox/outbox")

local xmlns = "urn:talky:session:1"
local patience = 5
local most_bytes = 16 * 1024

-- Returns the JSON, or nil and the reason.
local function fetch(sid)
	local question = outbox.ask(st.stanza("session", { xmlns = xmlns, sid = sid }), patience)
	if not question then return nil, "the API is not connected" end
	local answer, err = async.wait_for(question)
	if not answer then return nil, tostring(err) end
	local text = answer.stanza:get_child_text("session", xmlns)
	if not text or #text > most_bytes or type(json.decode(text)) ~= "table" then
		return nil, "the API's answer is no customerData"
	end
	return text
end

-- After mod_auth_talky has pinned the resource (priority 0). Runs in the session's own thread, which may
-- wait; the client's connection may go while it does.
module:hook("pre-resource-bind", function(event)
	local session = event.session
	local claims = session.talky
	if not (claims and claims.has_customer_data) then return end
	local text, reason = fetch(claims.sid)
	if session.destroyed then return false end
	if text then
		claims.customer_data = text
		return
	end
	session.log("warn", "No customerData for session %s: %s", claims.sid, reason)
	event.error = { type = "wait", condition = "resource-constraint", text = "Who you are cannot be looked up now" }
	return false
end, -1)
