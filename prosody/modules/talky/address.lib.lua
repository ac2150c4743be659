-- Whom an address stands for: one of IPv4 itself, one of IPv6 its /64, which one subscriber has whole. Takes an address
-- as Prosody has it, returns a text. What is no address stands for itself.

-- The four groups of hexadecimal digits that an IPv6 address begins with.
local function first_groups(address)
	local groups = {}
	local head, tail = address:match("^(.-)::(.*)$")
	for group in (head or address):gmatch("%x+") do table.insert(groups, group) end
	local behind = 0
	for _ in (tail or ""):gmatch("%x+") do behind = behind + 1 end
	if head then
		for _ = #groups + behind + 1, 8 do table.insert(groups, "0") end
		for group in tail:gmatch("%x+") do table.insert(groups, group) end
	end
	return groups
end

local function network_of(address)
	local mapped = address:lower():match("^::ffff:(%d+%.%d+%.%d+%.%d+)$")
	if mapped then return mapped end
	local groups = address:find(":", 1, true) and first_groups(address) or {}
	if #groups ~= 8 then return address end
	local first = {}
	for index = 1, 4 do first[index] = ("%x"):format(tonumber(groups[index], 16)) end
	return table.concat(first, ":") .. "::/64"
end

return network_of
