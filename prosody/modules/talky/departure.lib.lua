-- Why somebody leaves a room, by the status codes (XEP-0045 §15.6) of the presence that says so.

-- Every code of the registry. False: it says nothing of a leaving.
local causes = {
	["100"] = false, -- real JIDs are shown
	["101"] = false, -- affiliation changed while away
	["102"] = false, -- unavailable members are shown
	["103"] = false, -- unavailable members are not shown
	["104"] = false, -- configuration changed
	["110"] = false, -- one's own presence
	["170"] = false, -- logging on
	["171"] = false, -- logging off
	["172"] = false, -- non-anonymous now
	["173"] = false, -- semi-anonymous now
	["174"] = false, -- fully anonymous now
	["201"] = false, -- room created
	["210"] = false, -- nick assigned
	["301"] = "banned",
	["303"] = "renamed",
	["307"] = "kicked",
	["321"] = "removed", -- an affiliation changed
	["322"] = "removed", -- the room became members-only
	["332"] = "shutdown",
	["333"] = "error", -- it sent an error, or something could not be delivered to it
}

-- Where there are several, the one that says more: a service adds 307 to 333 for old clients (§15.6.2).
local rank = { kicked = 1, removed = 2, renamed = 3, error = 4, shutdown = 5, banned = 6 }

-- Returns the cause that codes give, or nil.
local function cause_of(codes)
	local found
	for _, code in ipairs(codes) do
		local cause = causes[code]
		if cause and (not found or rank[cause] > rank[found]) then found = cause end
	end
	return found
end

return { causes = causes, cause_of = cause_of }
