-- Random histories of a room: TALKY_TEST_LONG=1 for a hundred thousand of them.

local rooms, worlds = library("room"), support("world")

local histories = os.getenv("TALKY_TEST_LONG") and 100000 or 1500
local ids, sids, screens = { "a", "b", "c", "d" }, { "s", "t", "u" }, { "x", "y" }

local function one_of(list) return list[math.random(#list)] end

local function any_session(client, fits)
	local found = {}
	for _, session in pairs(client.sessions) do
		if fits(session) then table.insert(found, session) end
	end
	table.sort(found, function(a, b) return a.peer .. a.sid < b.peer .. b.sid end)
	return #found > 0 and one_of(found) or nil
end

-- The log that comes of it, as its readers fold it: each thing that is open, by name. Whatever begins while
-- it is open, or ends while it is not, is an error.
local function ledger()
	local open, counts = {}, {}
	local function set(what, on)
		if (open[what] or false) == on then error((on and "begun twice: " or "ended, and was not open: ") .. what) end
		open[what] = on or nil
	end
	local function pair(one, other, sid)
		return "call " .. (one < other and one .. " " .. other or other .. " " .. one) .. " " .. sid
	end
	local function take(type, actor, data, peer)
		counts[type] = (counts[type] or 0) + 1
		if actor and type ~= "room_created" and type ~= "occupant_joined" then
			assert(open["stay " .. actor], type .. " of somebody who is not there")
		end
		if type == "room_created" or type == "room_destroyed" then set("room", type == "room_created")
		elseif type == "occupant_joined" then set("stay " .. actor, true)
		elseif type == "occupant_left" then
			for _, medium in ipairs { "audio", "video" } do open["pause " .. actor .. " " .. medium] = nil end
			set("stay " .. actor, false)
			for what in pairs(open) do
				assert(not (what .. " "):find(" " .. actor .. " ", 1, true), what .. " is open without " .. actor)
			end
		elseif type:find("^p2p") then set(pair(actor, peer, data.sid), type == "p2p_session_started")
		elseif type:find("^screen") then set("screen " .. actor .. " " .. data.screen, type == "screencapture_started")
		elseif type:find("^rtt") then set("rtt " .. actor, type == "rtt_enabled")
		elseif type:find("_paused$") or type:find("_resumed$") then
			set("pause " .. actor .. " " .. type:match("^%a+"), type:find("_paused$") ~= nil)
		end
	end
	return { open = open, counts = counts, take = take, pair = pair }
end

-- Plain data through and through, as it must be to outlive a reload.
local function copy(value, depth)
	if type(value) ~= "table" then
		assert(type(value) ~= "function" and type(value) ~= "userdata")
		return value
	end
	assert(not getmetatable(value) and depth < 10, "no plain tree")
	local copied = {}
	for name, item in pairs(value) do copied[name] = copy(item, depth + 1) end
	return copied
end

local deeds = {}

function deeds.come_or_go(w)
	local id = one_of(ids)
	if not w.clients[id] then w:join(id) elseif math.random(4) == 1 then w:leave(id) end
end

function deeds.call(w, client)
	local peer = one_of(ids)
	if not client.peers[peer] then return end
	local screen = math.random(3) == 1 and one_of(screens) or nil
	-- Sids are unique (XEP-0166 §7.1), unless they are not.
	w:call(client, peer, w.lossy and one_of(sids) or w:free_sid(client, peer), screen)
end

function deeds.accept(w, client)
	local offer = any_session(client, function(session) return not session.initiator and not session.active end)
	if offer then w:accept(client, offer) end
end

function deeds.hang_up(w, client)
	local session = math.random(3) == 1 and any_session(client, function() return true end)
	if session then w:hang_up(client, session) end
end

function deeds.ping(w, client)
	local session = any_session(client, function() return true end)
	if session then w:ask(client, session.peer, "session-info", session.sid) end
end

function deeds.pause(w, client) w:pause(client, one_of { "audio", "video" }) end

function deeds.type(_, client)
	table.insert(client.up, { kind = "rtt", enabled = math.random(2) == 1 })
end

function deeds.change_role(w, client) w:set_voice(client, math.random(3) > 1) end

function deeds.forget(w, client)
	local session = w.lossy and any_session(client, function() return true end)
	if session then client.sessions[session.peer .. " " .. session.sid] = nil end
end

function deeds.reload(w)
	if math.random(5) == 1 then w.room = rooms.restore(copy(w.room:save(), 0), w.room.emit) end
end

function deeds.pass(w, client)
	for _ = 1, math.random(4) do
		if #client.up > 0 then w:pass(client) end
	end
end

function deeds.hear(w, client)
	for _ = 1, math.random(4) do
		if #client.down > 0 then w:hear(client) end
	end
end

local names = { "pass", "hear", "pass", "hear", "accept", "call", "call" } -- these more often
for name in pairs(deeds) do table.insert(names, name) end
table.sort(names)

local function check_against_clients(w, book)
	local expected = {}
	for id, client in pairs(w.clients) do
		expected["stay " .. id] = true
		if client.typing then expected["rtt " .. id] = true end
		local tells = false
		for _, session in pairs(client.sessions) do
			if session.active then expected[book.pair(id, session.peer, session.sid)] = true end
			if session.initiator and session.screen then expected["screen " .. id .. " " .. session.screen] = true end
			if session.initiator and session.active and not session.screen then tells = true end
		end
		for medium, paused in pairs(client.paused) do
			local what = "pause " .. id .. " " .. medium
			-- What nobody is told, nobody knows.
			expected[what] = (tells and paused or not tells and book.open[what]) or nil
		end
	end
	if book.counts.room_created then expected.room = true end
	for what in pairs(expected) do assert(book.open[what], "not in the log: " .. what) end
	for what in pairs(book.open) do assert(expected[what], "in the log only: " .. what) end
end

local function play(seed, lossy)
	math.randomseed(seed)
	local book = ledger()
	local w = worlds.new(rooms.new(book.take), { ids = ids, lossy = lossy })
	for _, id in ipairs(ids) do
		if math.random(4) > 1 then w:join(id) end
	end
	for _ = 1, 20 + math.random(100) do
		local client = w.clients[one_of(ids)]
		local name = one_of(names)
		if client or name == "come_or_go" then deeds[name](w, client) end
	end
	w:settle()
	if not lossy then check_against_clients(w, book) end
	for _, id in ipairs(ids) do
		if w.clients[id] then w:leave(id) end
	end
	same(next(w.room.occupants) or next(w.room.calls), nil, "left in the room")
	w.room:destroy {}
	same(next(book.open), nil, "open at the end")
	local counts = book.counts
	same(counts.occupant_joined, counts.occupant_left, "stays")
	same(counts.p2p_session_started, counts.p2p_session_ended, "calls")
	same(counts.screencapture_started, counts.screencapture_ended, "screens")
	return counts
end

local function play_all(lossy)
	local seen = {}
	for seed = 1, histories // 2 do
		local ok, result = xpcall(play, debug.traceback, seed, lossy)
		if not ok then error(("history %d: %s"):format(seed, result), 0) end
		for type, count in pairs(result) do seen[type] = (seen[type] or 0) + count end
	end
	for _, type in ipairs { "p2p_session_started", "screencapture_started", "video_resumed", "rtt_enabled" } do
		assert((seen[type] or 0) > histories // 50, "hardly any " .. type)
	end
end

test("whatever clients do, the log is what they know once all has arrived", function() play_all(false) end)

test("whatever is lost on the way, nothing stays open past its owner or peer", function() play_all(true) end)
