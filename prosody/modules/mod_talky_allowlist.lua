-- Lets pass what a call needs of XMPP, and refuses the rest (ADR 18): what clients may send is for
-- talky/allowlist.lib.lua to say. And takes out of everything they send what only we say.
--
-- For the hosts that clients log in to.
--
-- Options:
--   talky_rooms_host        the host with the rooms; required
--   talky_allowed_requests  requests that clients may send to that host besides, for modules of an operator's own:
--                           a list of `get NAMESPACE NAME`; default none

local split = require "util.jid".split
local st = require "util.stanza"
local allowlist = module:require "talky/allowlist"

local rooms_host = assert(module:get_option_string("talky_rooms_host"), "talky_rooms_host is not set")
local passes = allowlist.new(module:get_option_array("talky_allowed_requests"))

local xmlns_core = "https://talky.io/ns/core"
local ours = "urn:talky:"
local text = "A call does not need this, and nothing else is served here"

local function is_ours(tag) return (tag.attr.xmlns or ""):sub(1, #ours) == ours end

-- Elements that are for Prosody and the API to send: the outbox's, and who somebody is (mod_talky_identity).
local function strip(stanza)
	stanza:maptags(function(tag)
		if is_ours(tag) or (tag.name == "user" and tag.attr.xmlns == xmlns_core) then return nil end
		return tag
	end)
end

local function is_request(stanza)
	local type = stanza.attr.type
	return type ~= "error" and type ~= "result"
end

local function refuse(event, type, condition, why)
	if is_request(event.stanza) then event.origin.send(st.error_reply(event.stanza, type, condition, why)) end
	return true
end

local function is_asked(stanza)
	return stanza.name == "iq" and is_request(stanza)
end

module:hook("pre-stanza", function(event)
	local claims, stanza = event.origin.talky, event.stanza
	-- The API speaks to the outbox, and nobody else does.
	if claims.scope == "ingest" then
		if stanza.name == "iq" and (stanza.attr.to == rooms_host or not is_request(stanza)) then return end
		return refuse(event, "cancel", "service-unavailable", text)
	end
	if is_asked(stanza) and is_ours(stanza.tags[1]) then return refuse(event, "auth", "forbidden") end
	local target = allowlist.target_of(stanza.attr.to, module.host, rooms_host, split)
	if not passes(stanza, target) then return refuse(event, "cancel", "service-unavailable", text) end
	if not is_asked(stanza) then strip(stanza) end
end)
