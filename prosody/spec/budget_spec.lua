local budgets, buckets = library("budget"), library("bucket")

local max_bytes = 1000 * 1000

local function budget_of(session, share, resume)
	return budgets.new { session = session, share = share, buckets = buckets, resume = resume }
end

local large = { rate = 1, burst = 1e12 }

local function count(list)
	local number = 0
	for _ in pairs(list) do number = number + 1 end
	return number
end

local function party(n, address) return { session = "s" .. n, account = "a" .. n, address = address or "x" .. n } end

test("a session in debt begins nothing until it has paid, however often it logs in", function()
	local budget = budget_of({ rate = 10, burst = 100 }, large)
	budget:enter(party(1))
	budget:charge({ type = "message_sent", actor = "s1" }, 100, 0)
	same(budget:wait(party(1), 0, 0), nil)
	budget:charge({ type = "message_sent", actor = "s1" }, 50, 0)
	budget:leave(party(1))
	budget:enter(party(1))
	same(budget:wait(party(1), 0, 0), 5.0)
	same(budget:wait(party(1), 0, 5), nil)
	same(budget:wait(party(2), 0, 0), nil, "another")
end)

test("a beginning is charged with its end, an end is free, and so is what others and nobody do", function()
	local budget = budget_of({ rate = 10, burst = 100 }, large)
	budget:enter(party(1))
	for _, type in ipairs { "occupant_left", "room_destroyed", "session_ended", "p2p_session_ended", "rtt_disabled",
		"screencapture_ended", "video_resumed", "audio_resumed", "room_unlocked", "epoch_started" } do
		budget:charge({ type = type, actor = "s1" }, 10000, 0)
	end
	budget:charge({ type = "occupant_joined", actor = "s2" }, 10000, 0)
	budget:charge({ type = "epoch_started" }, 10000, 0)
	same(budget:wait(party(1), 0, 0), nil)
	for _, type in ipairs { "session_started", "room_created", "occupant_joined", "room_locked", "rtt_enabled",
		"p2p_session_started", "screencapture_started", "audio_paused", "video_paused" } do
		local another = budget_of({ rate = 10, burst = 100 }, large)
		another:enter(party(1))
		another:charge({ type = type, actor = "s1" }, 60, 0)
		same(another:wait(party(1), 0, 0), 2.0, type)
	end
end)

test("who left is charged no more, and whoever took its place is not thrown out", function()
	local budget = budget_of({ rate = 10, burst = 100 }, large)
	local old, new = party(1), party(1)
	budget:enter(old)
	budget:enter(new)
	budget:leave(old)
	budget:charge({ type = "message_sent", actor = "s1" }, 110, 0)
	same(budget:wait(new, 0, 0), 1.0)
	budget:leave(new)
	budget:charge({ type = "message_sent", actor = "s1" }, 110, 0)
	same(budget:wait(new, 0, 0), 1.0)
end)

test("a debt has an end, what is spent outlives a reload, and who has paid is forgotten", function()
	local budget = budget_of({ rate = 10, burst = 100 }, { rate = 10, burst = 1000 })
	budget:enter(party(1))
	budget:charge({ type = "message_sent", actor = "s1" }, 1e9, 0)
	same(budget:wait(party(1), 0, 0), 10.0)
	budget = budget_of({ rate = 10, burst = 100 }, { rate = 10, burst = 1000 }, budget)
	same(budget:wait(party(1), 0, 0), 10.0)
	budget:charge({ type = "message_sent", actor = "s1" }, 1, 0)
	same(count(budget.spent), 3)
	budget:sweep(20)
	same(count(budget.spent), 2)
	budget:sweep(200)
	same(count(budget.spent), 0)
end)

-- Fills an outbox that nobody reads. Returns how much of it is taken when none may begin any more.
local function fill(budget, parties)
	local bytes, began = 0, true
	for _, one in ipairs(parties) do budget:enter(one) end
	while began and bytes < max_bytes do
		began = false
		for _, one in ipairs(parties) do
			if not budget:wait(one, bytes / max_bytes, 0) then
				began = true
				bytes = bytes + 500
				budget:charge({ type = "message_sent", actor = one.session }, 500, 0)
			end
		end
	end
	return bytes / max_bytes
end

test("neither one, nor one with many sessions, nor fifty fill the outbox, and who took little begins on", function()
	local own, share = { rate = 1, burst = max_bytes / 128 }, { rate = 1, burst = max_bytes / 16 }
	for name, crowd in pairs {
		one = { sessions = 1, addresses = 1, most = 0.02 },
		many = { sessions = 500, addresses = 1, most = 0.55 },
		fifty = { sessions = 2000, addresses = 50, most = 0.9 },
	} do
		local budget = budget_of(own, share)
		local parties = {}
		for n = 1, crowd.sessions do parties[n] = party(n, "x" .. n % crowd.addresses) end
		local filled = fill(budget, parties)
		assert(filled <= crowd.most, ("%s filled %g"):format(name, filled))
		local honest = party("honest", "elsewhere")
		budget:enter(honest)
		for _ = 1, 3 do
			same(budget:wait(honest, filled, 0), nil, name)
			budget:charge({ type = "message_sent", actor = honest.session }, 200, 0)
		end
	end
end)
