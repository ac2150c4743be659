-- How much of the outbox one client may take (README.md, "A client's share"). What begins something is charged, in
-- bytes, its end with it: to its session, its account and its address. A session may not begin anything while it is in
-- debt. Account and address matter from the outbox's half on: the fuller it is, the more of its budgets whoever begins
-- something must have left, so what remains is for those who took little. Pure: callers say what time it is.

local budget = {}
budget.__index = budget

-- Which records begin something, and what each costs, in its own length. What ends is free: it cannot be refused, and
-- may come from another than who began.
local costs = {
	session_started = 2, room_created = 2, occupant_joined = 2, room_locked = 2, rtt_enabled = 2,
	p2p_session_started = 2, screencapture_started = 2, audio_paused = 2, video_paused = 2,
	message_sent = 1,
}

-- Options, each with `rate` (bytes a second) and `burst` (bytes at once):
--   session  of a session's id, however often it logs in
--   share    of an account, and of an address
--   buckets  bucket.lib.lua
--   resume   the budget before, to go on with what everybody has spent: default none
local function new(options)
	local resume = options.resume or {}
	return setmetatable({
		bounds = { session = options.session, account = options.share, address = options.share },
		buckets = options.buckets,
		spent = resume.spent or {}, -- buckets that are not full, by kind and name
		parties = resume.parties or {}, -- of the sessions that there are, by id
	}, budget)
end

local kinds = { "session", "account", "address" }

local function key_of(kind, name)
	return kind .. " " .. name
end

-- From now on what `party.session` does is charged to `party`: { session, account, address }.
function budget:enter(party)
	self.parties[party.session] = party
end

-- Unless another has taken its place meanwhile.
function budget:leave(party)
	if self.parties[party.session] == party then self.parties[party.session] = nil end
end

-- A record was written down, of so many bytes.
function budget:charge(entry, bytes, now)
	local party, factor = self.parties[entry.actor or ""], costs[entry.type]
	if not (party and factor) then return end
	for _, kind in ipairs(kinds) do
		local bound, name = self.bounds[kind], party[kind]
		if name then
			local key = key_of(kind, name)
			local bucket = self.spent[key] or self.buckets.new(bound.rate, bound.burst)
			self.spent[key] = bucket
			bucket:take(factor * bytes, now)
			-- Nobody pays for longer than it takes to fill twice.
			bucket.level = math.max(bucket.level, -bound.burst)
		end
	end
end

-- Seconds until a party may begin something, with the outbox as full as it is (0 to 1); nil: it may.
function budget:wait(party, fullness, now)
	local reserved = math.max(0, 2 * fullness - 1)
	local longest = 0
	for _, kind in ipairs(kinds) do
		local bound, name = self.bounds[kind], party[kind]
		local bucket = name and (kind == "session" or reserved > 0) and self.spent[key_of(kind, name)]
		if bucket then longest = math.max(longest, (reserved * bound.burst - bucket:left(now)) / bound.rate) end
	end
	return longest > 0 and longest or nil
end

-- Forgets who has spent nothing lately. To be called now and then.
function budget:sweep(now)
	for key, bucket in pairs(self.spent) do
		if bucket:left(now) >= bucket.burst then self.spent[key] = nil end
	end
end

return { new = new }
