-- Reads a journal's records from front to back, in batches, straight from the segment files.

local reader = {}
reader.__index = reader

local function new(journal)
	local self = setmetatable({ journal = journal }, reader)
	self:rewind()
	return self
end

-- The ordinal after a segment's last record.
local function past(segment)
	return segment.base + segment.count
end

-- Goes back to the first record that is not acknowledged (the records before it are skipped over).
function reader:rewind()
	self:enter(self.journal.head)
end

function reader:enter(index)
	local segment = self.journal.segments[index]
	self.index, self.offset = index, 0
	self.ordinal = segment and segment.base or self.journal.ordinal
end

-- The segment to read on in, or nil when everything has been read.
function reader:segment()
	local journal = self.journal
	if self.index < journal.head then self:enter(journal.head) end
	while self.index < journal.tail and self.ordinal == past(journal.segments[self.index]) do
		self:enter(self.index + 1)
	end
	local segment = journal.segments[self.index]
	return segment and self.ordinal < past(segment) and segment or nil
end

-- How many records are left to read.
function reader:pending()
	return self.journal.ordinal - math.max(self.ordinal, self.journal.acknowledged)
end

-- The next batch: { epoch, first, last, upto, text }, or nil when there is none. `upto` is the ordinal to
-- acknowledge. A batch never spans segments, hence not epochs. A record larger than `bytes` goes alone.
function reader:read(records, bytes)
	local segment = self:segment()
	local file = segment and self:input_for(segment)
	if not file then return nil end
	file:seek("set", self.offset)

	local lines, size, first = {}, 0, nil
	while self.ordinal < past(segment) and #lines < records do
		local seq = segment.first + self.ordinal - segment.base
		local line = file:read("L")
		local json = line and self.journal.format.parse_line(line, seq)
		if not json then
			self:skip_damage(segment)
			break
		end
		if self.ordinal >= self.journal.acknowledged then
			if first and size + #json > bytes then break end
			first = first or seq
			table.insert(lines, json)
			size = size + #json + 1
		end
		self.offset, self.ordinal = self.offset + #line, self.ordinal + 1
	end
	if not first then return self:read(records, bytes) end
	return {
		epoch = segment.epoch,
		first = first,
		last = first + #lines - 1,
		upto = self.ordinal,
		text = table.concat(lines, "\n"),
	}
end

-- Someone else changed the file, or the disk did: what follows in it cannot be told apart any more.
function reader:skip_damage(segment)
	local unread = past(segment) - math.max(self.ordinal, self.journal.acknowledged)
	if not segment.damaged and unread > 0 then self.journal:lose(segment, unread) end
	segment.damaged = true
	self.offset, self.ordinal = segment.size, past(segment)
end

-- The open file of a segment. Opened anew when the end of a file was written over: the C library may have
-- read ahead.
function reader:input_for(segment)
	local key = segment.name .. " " .. self.journal.overwrites
	if self.input_key == key then return self.input end
	if self.input then self.input:close() end
	self.input = self.journal.directory:open(segment.name, "rb")
	self.input_key = self.input and key
	return self.input
end

return { new = new }
