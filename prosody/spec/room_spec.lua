local rooms = library("room")

-- A room that writes down what it emits: type, actor, peer and the values of data, in a line.
local function scene()
	local lines = {}
	local room = rooms.new(function(type, actor, data, peer)
		local words = { type, actor, peer }
		for _, name in ipairs { "sid", "screen", "reason", "cause" } do
			if data and data[name] then table.insert(words, name .. "=" .. data[name]) end
		end
		table.insert(lines, table.concat(words, " "))
	end)
	local s = { room = room }
	function s.says(from, to, action, sid, more)
		local said = { action = action, sid = sid, media = {}, pauses = {} }
		for name, value in pairs(more or {}) do said[name] = value end
		room:jingle(from, to, said)
	end
	function s.pauses(from, to, sid, medium, paused)
		s.says(from, to, "session-info", sid, { pauses = { { medium = medium, paused = paused } } })
	end
	-- A request with an id of its own, and a way to answer it.
	local asked = 0
	function s.asks(from, to, action, sid, more)
		asked = asked + 1
		local id = tostring(asked)
		local said = { action = action, sid = sid, media = {}, pauses = {} }
		for name, value in pairs(more or {}) do said[name] = value end
		room:jingle(from, to, said, id)
		return function(condition, unknown)
			room:answer(to, from, id, condition and { condition = condition, unknown = unknown or false })
		end
	end
	function s.call(from, to, sid)
		s.says(from, to, "session-initiate", sid)
		s.says(to, from, "session-accept", sid)
	end
	function s.expect(...)
		same(lines, { ... }, "records")
		lines = {}
	end
	for _, id in ipairs { "a", "b", "c" } do room:join(id, "daily", {}) end
	lines = {}
	return s
end

test("a room is created by its first occupant, once", function()
	local s = scene()
	s.room:join("a", "daily", {})
	s.room:leave("a", { cause = "left" })
	s.room:leave("a", { cause = "left" })
	s.room:join("a", "daily", {})
	s.expect("occupant_left a cause=left", "occupant_joined a")
end)

test("a room nobody joined was not there", function()
	rooms.new(function() error("emitted") end):destroy()
end)

test("a session is negotiated when it is accepted, by its responder", function()
	local s = scene()
	s.says("a", "b", "session-initiate", "s")
	s.says("a", "b", "session-accept", "s")
	s.says("c", "a", "session-accept", "s")
	s.expect()
	s.says("b", "a", "session-accept", "s")
	s.says("b", "a", "session-accept", "s")
	s.says("a", "b", "session-initiate", "s")
	s.expect("p2p_session_started a b sid=s")
	s.says("c", "b", "session-terminate", "s")
	s.expect()
	s.says("b", "a", "session-terminate", "s", { reason = "gone" })
	s.says("a", "b", "session-terminate", "s", { reason = "gone" })
	s.expect("p2p_session_ended b a sid=s reason=gone")
end)

test("the same sid between two pairs is two sessions", function()
	local s = scene()
	s.call("a", "b", "s")
	s.call("a", "c", "s")
	s.says("a", "c", "session-terminate", "s", { reason = "success" })
	s.expect("p2p_session_started a b sid=s", "p2p_session_started a c sid=s",
		"p2p_session_ended a c sid=s reason=success")
end)

test("an offer that was not accepted leaves no trace", function()
	local s = scene()
	s.says("a", "b", "session-initiate", "s")
	s.says("b", "a", "session-terminate", "s", { reason = "decline" })
	s.says("a", "b", "session-initiate", "t")
	s.room:leave("b", {})
	s.expect("occupant_left b")
end)

test("nobody calls from outside, nor itself", function()
	local s = scene()
	s.call("x", "a", "s")
	s.call("a", "x", "s")
	s.call("a", "a", "s")
	s.says("a", "x", "session-initiate", "t", { screen = "scr" })
	s.expect()
end)

test("leaving ends what was open, in order, before it", function()
	local s = scene()
	s.call("a", "b", "s1")
	s.call("b", "a", "s2")
	s.call("b", "c", "s3")
	s.says("a", "c", "session-initiate", "s4", { screen = "scr" })
	s.says("c", "a", "session-accept", "s4")
	s.room:rtt("a", true)
	s.expect("p2p_session_started a b sid=s1", "p2p_session_started b a sid=s2", "p2p_session_started b c sid=s3",
		"screencapture_started a screen=scr", "p2p_session_started a c sid=s4 screen=scr", "rtt_enabled a")
	s.room:leave("a", { cause = "left" })
	s.says("b", "a", "session-terminate", "s2")
	s.expect("rtt_disabled a", "screencapture_ended a screen=scr", "p2p_session_ended a b sid=s1 reason=left",
		"p2p_session_ended a b sid=s2 reason=left", "p2p_session_ended a c sid=s4 reason=left",
		"occupant_left a cause=left")
end)

test("a screen ends with the last session that carries it", function()
	local s = scene()
	for _, peer in ipairs { "b", "c" } do
		s.call("a", peer, "s")
		s.says(peer, "a", "description-info", "s", { screen = "not mine" })
		s.says("a", peer, "description-info", "s", { screen = "scr" })
		s.says("a", peer, "description-info", "s", { screen = "scr" })
	end
	s.expect("p2p_session_started a b sid=s", "screencapture_started a screen=scr", "p2p_session_started a c sid=s")
	s.room:leave("b", {})
	s.expect("p2p_session_ended b a sid=s reason=left", "occupant_left b")
	s.says("a", "c", "session-terminate", "s", { reason = "success" })
	s.expect("p2p_session_ended a c sid=s reason=success", "screencapture_ended a screen=scr")
end)

test("pauses happen once, however often they are said", function()
	local s = scene()
	s.call("a", "b", "s")
	s.call("a", "c", "s")
	s.expect("p2p_session_started a b sid=s", "p2p_session_started a c sid=s")
	s.pauses("a", "b", "s", "audio", false)
	for _, peer in ipairs { "b", "c" } do s.pauses("a", peer, "s", "audio", true) end
	s.pauses("a", "b", "unknown", "video", true)
	s.expect("audio_paused a")
	for _, peer in ipairs { "b", "c" } do s.pauses("a", peer, "s", "audio", false) end
	s.expect("audio_resumed a")
end)

test("a paused screen is no paused camera", function()
	local s = scene()
	s.says("a", "b", "session-initiate", "s", { screen = "scr" })
	s.pauses("a", "b", "s", "video", true)
	s.expect("screencapture_started a screen=scr")
	-- The client mutes before it says that the session carries a screen.
	s.says("a", "c", "session-initiate", "s")
	s.pauses("a", "c", "s", "video", true)
	s.says("a", "c", "description-info", "s", { screen = "scr" })
	s.expect("video_paused a", "video_resumed a")
end)

test("only changes of lock and rtt happen", function()
	local s = scene()
	s.room:lock("a", false)
	s.room:lock("a", true)
	s.room:lock("b", true)
	s.room:rtt("b", false)
	s.room:rtt("x", true)
	s.expect("room_locked a")
end)

test("offers without end do not fill the memory", function()
	local s = scene()
	for n = 1, 1100 do s.says("a", "b", "session-initiate", "s" .. n) end
	local count = 0
	for _ in pairs(s.room.calls) do count = count + 1 end
	same(count, 1000)
	s.says("a", "b", "session-terminate", "s1")
	s.call("a", "b", "one more")
	s.expect("p2p_session_started a b sid=one more")
end)

test("a refused offer is over, with its screen; a refused acceptance has ended the call", function()
	local s = scene()
	s.asks("a", "b", "session-initiate", "s", { screen = "scr" })("not-acceptable")
	s.says("b", "a", "session-accept", "s")
	s.expect("screencapture_started a screen=scr", "screencapture_ended a screen=scr")
	s.asks("a", "b", "session-initiate", "t")()
	s.asks("b", "a", "session-accept", "t")("out-of-order")
	s.expect("p2p_session_started a b sid=t", "p2p_session_ended a b sid=t reason=out-of-order")
end)

test("an answer counts once, from whom it was asked of, and for the session that was asked about", function()
	local s = scene()
	local answer = s.asks("a", "b", "session-initiate", "s")
	s.room:answer("c", "a", "1", { condition = "gone", unknown = true })
	answer()
	answer("gone", true)
	s.says("b", "a", "session-accept", "s")
	local ping = s.asks("a", "b", "session-info", "s")
	s.says("a", "b", "session-terminate", "s")
	s.call("a", "b", "s")
	ping("unknown-session", true)
	s.expect("p2p_session_started a b sid=s", "p2p_session_ended a b sid=s", "p2p_session_started a b sid=s")
	local late = s.asks("a", "b", "session-initiate", "again")
	s.says("a", "b", "session-terminate", "again")
	s.says("a", "b", "session-initiate", "again")
	late("not-acceptable")
	s.says("b", "a", "session-accept", "again")
	s.expect("p2p_session_started a b sid=again")
	s.asks("b", "a", "transport-info", "s")("unknown-session", true)
	s.expect("p2p_session_ended a b sid=s reason=unknown-session")
end)

test("an offer taken again under its sid is another session", function()
	local s = scene()
	s.call("a", "b", "s")
	s.asks("a", "b", "session-initiate", "s")("out-of-order")
	s.expect("p2p_session_started a b sid=s")
	s.asks("a", "b", "session-initiate", "s")()
	s.says("b", "a", "session-accept", "s")
	s.expect("p2p_session_ended a b sid=s reason=replaced", "p2p_session_started a b sid=s")
end)

test("one sid from both sides: whoever accepts gives up their own", function()
	local s = scene()
	s.asks("a", "b", "session-initiate", "s", { screen = "scr" })
	s.asks("b", "a", "session-initiate", "s")
	s.says("a", "b", "session-accept", "s")
	s.expect("screencapture_started a screen=scr", "screencapture_ended a screen=scr", "p2p_session_started b a sid=s")
	s.says("b", "a", "session-accept", "s")
	s.says("a", "b", "session-terminate", "s")
	s.expect("p2p_session_ended a b sid=s")
end)

test("one sid from both sides: a goodbye is to one's own, unless the other's was heard of", function()
	local s = scene()
	s.asks("a", "b", "session-initiate", "s")
	local heard = s.asks("b", "a", "session-initiate", "s", { screen = "scr" })
	s.says("a", "b", "session-terminate", "s")
	heard()
	s.says("a", "b", "session-accept", "s")
	s.expect("screencapture_started b screen=scr", "p2p_session_started b a sid=s screen=scr")
	s.says("a", "b", "session-terminate", "s")
	s.expect("p2p_session_ended a b sid=s", "screencapture_ended b screen=scr")
end)

test("a session accepted without a word of mute says that its media go on", function()
	local s = scene()
	s.call("a", "b", "s")
	for _, medium in ipairs { "audio", "video" } do s.pauses("a", "b", "s", medium, true) end
	s.room:leave("b", {})
	s.room:join("b", "daily", {})
	s.expect("p2p_session_started a b sid=s", "audio_paused a", "video_paused a",
		"p2p_session_ended b a sid=s reason=left", "occupant_left b", "occupant_joined b")
	-- What another brings says nothing of one's own.
	s.call("b", "a", "of b")
	-- Nor does a screen, whenever it is called one, nor what does not carry the medium.
	s.says("a", "b", "session-initiate", "screen", { screen = "scr" })
	s.says("b", "a", "session-accept", "screen")
	s.says("a", "b", "session-initiate", "words", { media = { "text" } })
	s.says("b", "a", "session-accept", "words")
	s.says("a", "b", "session-initiate", "receives", { media = { "video" }, senders = { video = "responder" } })
	s.says("b", "a", "session-accept", "receives")
	s.expect("p2p_session_started b a sid=of b", "screencapture_started a screen=scr",
		"p2p_session_started a b sid=screen screen=scr", "p2p_session_started a b sid=words",
		"p2p_session_started a b sid=receives")
	s.says("a", "b", "session-initiate", "t", { media = { "audio", "video" } })
	s.pauses("a", "b", "t", "audio", true)
	s.says("b", "a", "session-accept", "t")
	s.expect("p2p_session_started a b sid=t", "video_resumed a")
end)

test("silence of a session that was not there, or of a screen, is taken back", function()
	local s = scene()
	s.call("a", "b", "s")
	s.pauses("a", "b", "s", "video", true)
	s.says("a", "c", "session-initiate", "t")
	s.asks("c", "a", "session-accept", "t")("unknown-session", true)
	s.expect("p2p_session_started a b sid=s", "video_paused a", "p2p_session_started a c sid=t", "video_resumed a",
		"video_paused a", "p2p_session_ended a c sid=t reason=unknown-session")
	s.call("a", "c", "u")
	s.says("a", "c", "description-info", "u", { screen = "scr" })
	s.expect("p2p_session_started a c sid=u", "video_resumed a", "video_paused a", "screencapture_started a screen=scr")
end)

test("the responder of a session of both goes on, unless muted in another", function()
	local s = scene()
	local both = { media = { "video" }, senders = { video = "both" } }
	local function call(from, to, sid)
		s.says(from, to, "session-initiate", sid, both)
		s.says(to, from, "session-accept", sid)
	end
	call("b", "a", "s")
	s.pauses("a", "b", "s", "video", true)
	call("c", "a", "t")
	s.expect("p2p_session_started b a sid=s", "video_paused a", "p2p_session_started c a sid=t")
	s.says("b", "a", "session-terminate", "s")
	call("b", "a", "u")
	s.expect("p2p_session_ended b a sid=s", "p2p_session_started b a sid=u", "video_resumed a")
end)

test("a session that carries another screen has ended the one before", function()
	local s = scene()
	s.says("a", "b", "session-initiate", "s", { screen = "one" })
	s.says("a", "b", "description-info", "s", { screen = "two" })
	s.expect("screencapture_started a screen=one", "screencapture_ended a screen=one",
		"screencapture_started a screen=two")
end)

test("requests without answer do not fill the memory", function()
	local s = scene()
	s.call("a", "b", "s")
	for _ = 1, 1000 do s.asks("a", "b", "transport-info", "s") end
	local answer, count = s.asks("a", "b", "transport-info", "s"), 0
	local asked = s.room.occupants.a.asked.b
	for _, entries in ipairs { asked.entries, asked.before } do
		for _ in pairs(entries) do count = count + 1 end
	end
	assert(count <= 400, count)
	answer("unknown-session", true)
	s.expect("p2p_session_started a b sid=s", "p2p_session_ended b a sid=s reason=unknown-session")
end)
