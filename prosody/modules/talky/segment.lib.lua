-- One file of the journal: its name, its lines, and how much of it is whole. A segment is
-- `<epoch>.<first sequence>.log`, of lines `SEQ LENGTH JSON\n`.

local function name_of(epoch, first)
	return ("%s.%d.log"):format(epoch, first)
end

-- Returns epoch and first sequence, or nil for any other file.
local function parse_name(name)
	local epoch, first = name:match("^(%d+%-%x+)%.(%d+)%.log$")
	return epoch, math.tointeger(tonumber(first))
end

local function line_of(seq, json)
	return ("%d %d %s\n"):format(seq, #json, json)
end

-- The JSON of a line, or nil when the line is not the whole record `seq`.
local function parse_line(line, seq)
	local found, length, json = line:match("^(%d+) (%d+) (.*)\n$")
	if tonumber(found) == seq and tonumber(length) == #json then return json end
end

-- Walks over the whole lines of an open file: returns how many they are, the bytes they take, and how many
-- lines follow them: damage. A rest without an end is no line: it was being written when the process died.
local function measure(file, first)
	local count, size, damaged = 0, 0, 0
	for line in file:lines("L") do
		if damaged == 0 and parse_line(line, first + count) then
			count, size = count + 1, size + #line
		elseif line:sub(-1) == "\n" then
			damaged = damaged + 1
		end
	end
	return count, size, damaged
end

-- Epochs are ordered by the milliseconds they begin with.
local function epoch_time(epoch)
	return math.tointeger(tonumber(epoch:match("^%d+")))
end

-- The segments in a directory, oldest first: a list of { name, epoch, first, count, size, damage }.
local function find(directory)
	local found = {}
	for _, name in ipairs(directory:list()) do
		local epoch, first = parse_name(name)
		if epoch then table.insert(found, { name = name, epoch = epoch, first = first }) end
	end
	table.sort(found, function(a, b)
		local x, y = epoch_time(a.epoch), epoch_time(b.epoch)
		if x ~= y then return x < y end
		return a.first < b.first
	end)
	for index, segment in ipairs(found) do
		local following = found[index + 1]
		if following and following.epoch == segment.epoch then
			segment.count, segment.size, segment.damage = following.first - segment.first, directory:size(segment.name), 0
		else
			-- How many records an epoch has, only its last segment says.
			local file = assert(directory:open(segment.name, "rb"))
			segment.count, segment.size, segment.damage = measure(file, segment.first)
			file:close()
		end
	end
	return found
end

return {
	name_of = name_of, parse_name = parse_name, line_of = line_of, parse_line = parse_line, measure = measure,
	epoch_time = epoch_time, find = find,
}
