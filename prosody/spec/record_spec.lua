local record, json, rooms = library("record"), support("json"), library("room")

test("times have three decimals", function()
	same(record.time(1767268800.137), "2026-01-01T12:00:00.137Z")
	same(record.time(1767268800), "2026-01-01T12:00:00.000Z")
	same(record.time(1767268799.9999), "2026-01-01T11:59:59.999Z")
end)

test("text is cut between characters", function()
	same(record.cut("abc", 3), "abc")
	same(record.cut("abcd", 3), "abc")
	same(record.cut("aé", 2), "a")
	same(record.cut("aé", 3), "aé")
	same(record.cut("👋👋", 7), "👋")
	same(record.cut("👋", 3), "")
end)

test("headers become clean text", function()
	same(record.clean("a\tb\127c"), "a b c")
	same(record.clean("é"), "é")
	same(record.clean("\233t\233"), "?t?")
end)

-- The fixture tells a story; told to the state machine, it must come out as the same records.
test("the records of the shared fixture", function()
	local expected = {}
	for line in fixture("records.ndjson"):gmatch("[^\n]+") do table.insert(expected, json.decode(line)) end

	local encode, actual = record.encoder(json.encode), {}
	local function append(entry)
		table.insert(actual, json.decode(encode(entry, 1767268800 + 0.137 * (#actual + 1) + 0.0001)))
	end
	local place = { id = "6f1c1e0a-3b9e-4d42-9d0e-0d6d2a6a7c01", jid = "daily@rooms.talky-api.local" }
	local room = rooms.new(function(type, actor, data, peer)
		append { type = type, room = place, actor = actor, data = data, peer = peer }
	end)
	local a, b = "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "9a3b1c52-7d7e-4a4e-8a53-7f3f0f3f9b02"
	local guest, ada = "guest-1@guests.talky-api.local", "ada@users.talky-api.local"
	local function says(from, to, action, sid, more)
		local said = { action = action, sid = sid, media = {}, pauses = {} }
		for name, value in pairs(more or {}) do said[name] = value end
		room:jingle(from, to, said)
	end
	local function pauses(medium, paused)
		says(a, b, "session-info", "s1", { pauses = { { medium = medium, paused = paused } } })
	end

	append { type = "epoch_started", data = { software = "prosody 0.12.3" } }
	append { type = "session_started", actor = a, data = { userid = guest, useragent = expected[2].data.useragent } }
	room:join(a, "daily", { userid = guest, role = "moderator", affiliation = "owner" })
	room:join(b, "daily", { userid = ada, role = "participant", affiliation = "none" })
	room:lock(a, true)
	room:lock(a, false)
	room:message(a, { length = 5 })
	room:rtt(a, true)
	says(a, b, "session-initiate", "s1", { media = { "audio", "video" } })
	says(b, a, "session-accept", "s1", { media = { "audio", "video" } })
	pauses("audio", true)
	pauses("audio", false)
	pauses("video", true)
	pauses("video", false)
	says(a, b, "session-initiate", "s2", { media = { "video" } })
	says(a, b, "description-info", "s2", { screen = "screen-1" })
	says(a, b, "session-terminate", "s2")
	room:rtt(a, false)
	says(a, b, "session-terminate", "s1", { reason = "success" })
	room:leave(a, { cause = "left" })
	room:leave(b, { cause = "disconnected" })
	room:destroy({})
	append { type = "session_ended", actor = a }

	for index = 1, math.max(#actual, #expected) do
		same(actual[index], expected[index], "record " .. index)
	end
end)
