-- Reads from a Jingle stanza (XEP-0166, XEP-0167) what matters to the log. Uses only the plain fields of
-- a stanza (name, attr, tags), none of its methods.

local xmlns_jingle = "urn:xmpp:jingle:1"
local xmlns_rtp = "urn:xmpp:jingle:apps:rtp:1"
local xmlns_rtp_info = "urn:xmpp:jingle:apps:rtp:info:1"
local xmlns_errors = "urn:xmpp:jingle:errors:1"
local xmlns_stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"
local xmlns_core = "https://talky.io/ns/core"

-- The schema's bound on session and screen ids (events/event.ts). Longer ones are nobody's real ids.
local longest_id = 255

local function child(element, name, xmlns)
	for _, tag in ipairs(element.tags) do
		if tag.name == name and (tag.attr.xmlns or element.attr.xmlns) == xmlns then return tag end
	end
end

local function is_id(value)
	return value ~= nil and value ~= "" and #value <= longest_id
end

-- Names of the contents' media without repetition, who sends each (XEP-0166 §7.3; nil where none says so),
-- and the id of a shared screen.
local function read_contents(jingle)
	local media, seen, senders, screen = {}, {}, nil, nil
	for _, content in ipairs(jingle.tags) do
		local description = content.name == "content" and child(content, "description", xmlns_rtp)
		if description then
			local name = description.attr.media
			if name and #name <= 64 and not seen[name] and #media < 16 then
				seen[name] = true
				table.insert(media, name)
				if content.attr.senders then
					senders = senders or {}
					senders[name] = content.attr.senders
				end
			end
			local element = child(description, "screen", xmlns_core)
			if element and is_id(element.attr.id) then screen = element.attr.id end
		end
	end
	return media, senders, screen
end

-- XEP-0166 §7.4: the reason's condition is its first element that is not <text/>.
local function read_reason(jingle)
	local reason = child(jingle, "reason", xmlns_jingle)
	for _, condition in ipairs(reason and reason.tags or {}) do
		if condition.name ~= "text" then return #condition.name <= longest_id and condition.name or nil end
	end
end

-- XEP-0167 §6: <mute/> and <unmute/> name the content, which in Talky's clients is its medium.
local function read_pauses(jingle)
	local pauses = {}
	for _, tag in ipairs(jingle.tags) do
		local medium = tag.attr.name
		if tag.attr.xmlns == xmlns_rtp_info and (tag.name == "mute" or tag.name == "unmute")
			and (medium == "audio" or medium == "video") then
			table.insert(pauses, { medium = medium, paused = tag.name == "mute" })
		end
	end
	return pauses
end

-- Returns { action, sid, media, senders, screen, reason, pauses }, or nil when the stanza is no Jingle request.
local function read(stanza)
	local jingle = stanza.attr.type == "set" and child(stanza, "jingle", xmlns_jingle)
	if not (jingle and is_id(jingle.attr.sid)) then return nil end
	local media, senders, screen = read_contents(jingle)
	return {
		action = jingle.attr.action,
		sid = jingle.attr.sid,
		media = media,
		senders = senders,
		screen = screen,
		reason = read_reason(jingle),
		pauses = read_pauses(jingle),
	}
end

-- Whether a request, as read, begins something that the log has: a call, a screen, a pause.
local function begins(said)
	if said.action == "session-info" then
		for _, pause in ipairs(said.pauses) do
			if pause.paused then return true end
		end
		return false
	end
	return said.action == "session-initiate" or said.action == "session-accept"
		or (said.action == "description-info" and said.screen ~= nil)
end

-- Errors of somebody who is not there, or has no session, whatever the request was.
local gone = {
	["gone"] = true, ["item-not-found"] = true, ["recipient-unavailable"] = true,
	["remote-server-not-found"] = true, ["remote-server-timeout"] = true, ["service-unavailable"] = true,
}

local function is_answer(stanza)
	return stanza.attr.type == "result" or stanza.attr.type == "error"
end

-- Reads the error that answers a request: { condition, unknown }, or nil of a result. `condition` is
-- Jingle's own (XEP-0166 §10) where there is one, else the stanza's; `unknown`: the one who answers has no such
-- session.
local function read_refusal(stanza)
	if stanza.attr.type ~= "error" then return nil end
	local condition, specific = "undefined-condition", nil
	local error = child(stanza, "error", stanza.attr.xmlns)
	for _, tag in ipairs(error and error.tags or {}) do
		if tag.attr.xmlns == xmlns_errors then
			specific = tag.name
		elseif tag.attr.xmlns == xmlns_stanzas and tag.name ~= "text" then
			condition = tag.name
		end
	end
	local unknown = specific == "unknown-session" or gone[condition] or false
	return { condition = (specific or condition):sub(1, longest_id), unknown = unknown }
end

return { read = read, is_answer = is_answer, read_refusal = read_refusal, begins = begins }
