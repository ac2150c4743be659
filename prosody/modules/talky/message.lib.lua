-- Reads from a groupchat message what the log has of it: how long its text is, and whether it says
-- something new or something of a message before. Uses only the plain fields of a stanza (name, attr, tags,
-- and the texts among its children), none of its methods.

-- The schema's bound on ids and namespaces (events/event.ts). Longer ones are nobody's real ids.
local longest_id = 255

local xmlns_fasten = "urn:xmpp:fasten:0"

-- What speaks of an earlier message, by field: the namespace, and the elements in it.
local references = {
	{ field = "corrects", xmlns = "urn:xmpp:message-correct:0", names = { replace = true } }, -- XEP-0308
	{ field = "retracts", xmlns = "urn:xmpp:message-retract:1", names = { retract = true } }, -- XEP-0424
	{ field = "retracts", xmlns = "urn:xmpp:message-retract:0", names = { retract = true } }, -- before its version 0.4
	{ field = "retracts", xmlns = "urn:xmpp:message-moderate:1", names = { moderated = true } }, -- XEP-0425
	{ field = "retracts", xmlns = "urn:xmpp:message-moderate:0", names = { moderated = true } },
	{ field = "reacts", xmlns = "urn:xmpp:reactions:0", names = { reactions = true } }, -- XEP-0444
	{ -- XEP-0333; <markable/> asks for a marker, and stands on any message
		field = "marks", xmlns = "urn:xmpp:chat-markers:0",
		names = { received = true, displayed = true, acknowledged = true },
	},
	{ field = "attaches", xmlns = xmlns_fasten, names = { ["apply-to"] = true } }, -- XEP-0422, whatever it is
}

-- What the text of an encrypted message is only a hint of: OMEMO (XEP-0384), its older versions, OX
-- (XEP-0373), OpenPGP (XEP-0027), and whatever says so (XEP-0380).
local encryptions = {
	["urn:xmpp:omemo:2"] = "encrypted", ["urn:xmpp:omemo:1"] = "encrypted", ["urn:xmpp:omemo:0"] = "encrypted",
	["eu.siacs.conversations.axolotl"] = "encrypted", ["urn:xmpp:openpgp:0"] = "openpgp",
	["jabber:x:encrypted"] = "x", ["urn:xmpp:eme:0"] = "encryption",
}

local function is_id(value)
	return value ~= nil and value ~= "" and #value <= longest_id
end

local function text_of(element)
	local parts = {}
	for _, part in ipairs(element) do
		if type(part) == "string" then table.insert(parts, part) end
	end
	return table.concat(parts)
end

-- The first text: there may be one for each language (RFC 6121 §5.2.3).
local function body_of(stanza)
	for _, tag in ipairs(stanza.tags) do
		if tag.name == "body" and tag.attr.xmlns == nil then
			local text = text_of(tag)
			if text ~= "" then return text end
		end
	end
end

-- Notes in `said` what an element says of an earlier message. `id`: of a wrapper around it.
local function note(said, element, id)
	local xmlns = element.attr.xmlns
	for _, reference in ipairs(references) do
		if reference.xmlns == xmlns and reference.names[element.name] then
			id = element.attr.id or id
			if is_id(id) then said[reference.field] = id end
		end
	end
	if encryptions[xmlns] == element.name then
		said.encrypted = is_id(element.attr.namespace) and element.attr.namespace or xmlns
	end
	if xmlns ~= xmlns_fasten then return end
	for _, fastened in ipairs(element.tags) do
		note(said, fastened, element.attr.id)
		for _, within in ipairs(fastened.tags) do note(said, within, element.attr.id) end
	end
	if said.retracts or said.reacts then said.attaches = nil end
end

-- Returns { length, body } of a message with a text, and of a retraction without one, and as the case may be
-- with the ids that it `corrects`, `retracts`, `reacts` to, `marks` or `attaches` something to, and the
-- namespace in which it is `encrypted`. Returns nil of what is no message: a chat state, a marker, a subject.
local function read(stanza)
	local body = body_of(stanza)
	local said = { body = body, length = body and (utf8.len(body) or #body) or 0 }
	for _, element in ipairs(stanza.tags) do note(said, element) end
	if body or said.retracts then return said end
end

return { read = read }
