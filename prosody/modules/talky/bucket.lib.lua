-- A budget that fills up with time: so much at once, so much a second, and into debt. Pure: the caller says
-- what time it is, in seconds.

local bucket = {}
bucket.__index = bucket

-- `rate`: what comes back each second; `burst`: what there is at most, and at first.
local function new(rate, burst)
	return setmetatable({ rate = rate, burst = burst, level = burst, at = nil }, bucket)
end

-- What is there; negative: how deep in debt.
function bucket:left(now)
	-- A clock that goes back fills nothing.
	local passed = math.max(0, now - (self.at or now))
	self.level = math.min(self.burst, self.level + passed * self.rate)
	self.at = now
	return self.level
end

-- Takes `cost`, whether it is there or not. Returns the seconds until there is no debt any more.
function bucket:take(cost, now)
	self.level = self:left(now) - cost
	return math.max(0, -self.level / self.rate)
end

return { new = new }
