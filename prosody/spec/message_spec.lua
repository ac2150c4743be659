local read = library("message").read

-- A stanza as Prosody has it, without its methods: texts and elements, and the elements again in `tags`.
local function element(name, attr, ...)
	local stanza = { name = name, attr = attr, tags = {}, ... }
	for _, child in ipairs { ... } do
		if type(child) == "table" then table.insert(stanza.tags, child) end
	end
	return stanza
end

local function message(...) return read(element("message", { type = "groupchat" }, ...)) end
local hello = element("body", {}, "hello")

test("the first text that is one", function()
	same(message(hello), { body = "hello", length = 5 })
	local german = element("body", { ["xml:lang"] = "de" })
	same(message(german, element("body", {}, "hé", "llo")), { body = "héllo", length = 5 })
	same(message(element("body", { xmlns = "urn:example" }, "hello")), nil)
	same(message(element("subject", {}, "hello")), nil)
	same(message(), nil)
end)

-- By field, in each namespace that there was.
local references = {
	corrects = { { "replace", "urn:xmpp:message-correct:0" } },
	retracts = {
		{ "retract", "urn:xmpp:message-retract:1" }, { "retract", "urn:xmpp:message-retract:0" },
		{ "moderated", "urn:xmpp:message-moderate:1" }, { "moderated", "urn:xmpp:message-moderate:0" },
	},
	reacts = { { "reactions", "urn:xmpp:reactions:0" } },
	marks = {
		{ "received", "urn:xmpp:chat-markers:0" }, { "displayed", "urn:xmpp:chat-markers:0" },
		{ "acknowledged", "urn:xmpp:chat-markers:0" },
	},
	attaches = { { "apply-to", "urn:xmpp:fasten:0" } },
}

test("what speaks of an earlier message says of which", function()
	for field, elements in pairs(references) do
		for _, known in ipairs(elements) do
			local name, xmlns = table.unpack(known)
			local reference = element(name, { xmlns = xmlns, id = "m1" })
			same(message(hello, reference), { body = "hello", length = 5, [field] = "m1" }, xmlns)
			same(message(reference), field == "retracts" and { length = 0, retracts = "m1" } or nil, xmlns)
			-- Without an id, or with nobody's, it is a message.
			for _, id in ipairs { "", ("x"):rep(256) } do
				same(message(hello, element(name, { xmlns = xmlns, id = id })), { body = "hello", length = 5 }, xmlns)
			end
			same(message(hello, element(name, { xmlns = "urn:example", id = "m1" })), { body = "hello", length = 5 })
			if field ~= "attaches" then
				local fastened = element("apply-to", { xmlns = "urn:xmpp:fasten:0", id = "m2" }, element(name, { xmlns = xmlns }))
				same(message(hello, fastened)[field], "m2", xmlns)
			end
		end
	end
end)

test("a moderator's retraction, fastened as it was", function()
	local retract = element("retract", { xmlns = "urn:xmpp:message-retract:0" })
	local moderated = element("moderated", { xmlns = "urn:xmpp:message-moderate:0" }, retract)
	local fastened = element("apply-to", { xmlns = "urn:xmpp:fasten:0", id = "m1" }, moderated)
	same(message(fastened), { length = 0, retracts = "m1" })
end)

test("what is only a hint of an encrypted message", function()
	for _, known in ipairs {
		{ "encrypted", "urn:xmpp:omemo:2" }, { "encrypted", "eu.siacs.conversations.axolotl" },
		{ "openpgp", "urn:xmpp:openpgp:0" }, { "x", "jabber:x:encrypted" },
	} do
		local name, xmlns = table.unpack(known)
		same(message(hello, element(name, { xmlns = xmlns })), { body = "hello", length = 5, encrypted = xmlns })
		same(message(element(name, { xmlns = xmlns })), nil)
	end
	local eme = element("encryption", { xmlns = "urn:xmpp:eme:0", namespace = "urn:example:crypt" })
	same(message(hello, eme).encrypted, "urn:example:crypt")
end)
