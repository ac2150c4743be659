-- How much a client may send: stanzas (and WebSocket's control frames) a second, how deep one is nested, and how many
-- elements it has (ADR 18). Who sends faster is read as fast as that, and no faster; a stanza that is too deep or too
-- large is answered with an error. The API may send as much as it likes.
--
-- Options:
--   talky_stanzas_per_second  default 100
--   talky_stanzas_at_once     what may come at once after a while of quiet; default 1000: somebody who joins a call
--                             of forty exchanges that much with them

module:set_global()

local filters = require "util.filters"
local now = require "util.time".now
local st = require "util.stanza"
local buckets = module:require "talky/bucket"
local shape = module:require "talky/shape"

local rate = module:get_option_number("talky_stanzas_per_second", 100)
local burst = module:get_option_number("talky_stanzas_at_once", 1000)

local stanzas = { message = true, presence = true, iq = true }

local function is_api(session)
	return session.talky ~= nil and session.talky.scope == "ingest"
end

-- Has every pause, mod_limits' too, be as long as the debt takes to pay: a shorter one would take its place.
local function stretch_pauses(session, bucket)
	local conn = session.conn
	local pausefor = conn.pausefor
	function conn:pausefor(seconds, ...)
		if seconds and not is_api(session) then seconds = math.max(seconds, bucket:take(0, now())) end
		return pausefor(self, seconds, ...)
	end
end

-- What is read at once has few messages. One who owes more has put thousands into a piece of 8 KiB.
local longest_debt = 10

-- Whether a session sends each stanza in a message of its own (RFC 7395 §3.3.3). Many in one would be dealt with at
-- once, whatever the bound of stanzas a second.
local function is_alone(session)
	if is_api(session) or not session.talky_messages then return true end
	session.talky_messages = session.talky_messages - 1
	if session.talky_messages >= 0 then return true end
	session:close { condition = "policy-violation", text = "Each stanza takes a message of its own (RFC 7395)" }
	return false
end

-- Returns whether to go on.
local function charge(session, bucket, cost)
	if is_api(session) then return true end
	if session.talky_overdrawn then return false end
	local debt = bucket:take(cost, now())
	if debt > longest_debt then
		session.talky_overdrawn = true
		session:close { condition = "policy-violation", text = "Too many stanzas at once" }
		return false
	end
	if debt > 0 and session.conn then session.conn:pausefor(debt) end
	return true
end

local function refuse(session, stanza, what)
	if not stanzas[stanza.name] then
		session:close { condition = "policy-violation", text = what }
	elseif stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
		session.send(st.error_reply(stanza, "modify", "policy-violation", what))
	end
end

module:hook("websocket-session", function(event)
	local session = event.session
	local bucket = buckets.new(rate, burst)
	if not session.conn.pausefor then
		module:log("error", "This network backend cannot pause: clients may send as fast as they like")
		return
	end
	stretch_pauses(session, bucket)
	session.talky_charge = function(cost) return charge(session, bucket, cost) end
	filters.add_filter(session, "stanzas/in", function(stanza)
		if not (charge(session, bucket, 1) and is_alone(session)) then return nil end
		local what = shape.flaw(stanza, shape.deepest, shape.most_elements)
		if not what then return stanza end
		refuse(session, stanza, what)
	end, 1000)
end)
