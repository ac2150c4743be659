-- The outbox on disk: an append-only log in segments, trimmed by acknowledgements. Memory holds the list
-- of segments, never their records (reader.lib.lua reads those as they are sent).
--
-- Inside, a record's place is its *ordinal*, which counts on across epochs from the oldest segment found
-- at the start. Outside, it is epoch and sequence.

local journal = {}
journal.__index = journal

local acknowledged_file = "acknowledged"

-- Opens the journal, for a new epoch or to go on with one. Options:
--   directory      files (directory.lib.lua); where it has `sync`, what is written can be forced to disk
--   format         of segments (segment.lib.lua)
--   now            milliseconds since 1970
--   suffix         8 hex digits that tell this epoch from any other
--   max_bytes      when all segments together take this, the outbox is full
--   segment_bytes  when to begin the next segment: default 4 MiB, and at most a quarter of the bound,
--                  so that acknowledging always frees room
--   resume         what `close` returned, to go on with its epoch in the same process: default none
--   warn           called with what is wrong, always in the same words, and more about it
local function open(options)
	local self = setmetatable({
		directory = options.directory,
		format = options.format,
		max_bytes = options.max_bytes,
		segment_bytes = math.min(options.segment_bytes or 4 * 1024 * 1024, options.max_bytes // 4),
		warn = options.warn or function() end,
		-- { name, epoch, first, base, count, size, lost, damaged }: the oldest at `head`, the newest at `tail`
		segments = {},
		head = 1,
		tail = 0,
		bytes = 0,
		lost_before = 0, -- records that damage has cost in segments that are gone
		ordinal = 0, -- of the next record
		acknowledged = 0, -- ordinal of the first record that is not
		position = nil, -- { epoch, seq } of the last record that is
		held = {},
		overwrites = 0, -- how often bytes that somebody may have read were written over
		seq = 0,
		unsynced = {}, -- by name: files that hold records which may not be on disk; the directory itself as "."
		position_synced = true,
		unsafe = false, -- whether the disk has refused to take what is in them
	}, journal)
	self:recover()
	if options.resume then
		self:continue(options.resume)
	else
		-- The clock may have been set back; the order of epochs must not be.
		local newest = self.segments[self.tail] or self.position
		local time = math.max(options.now, newest and self.format.epoch_time(newest.epoch) + 1 or 0)
		self.epoch = ("%d-%s"):format(time, options.suffix)
	end
	return self
end

function journal:recover()
	local file = self.directory:open(acknowledged_file, "rb")
	local epoch, seq, lost = (file and file:read("a") or ""):match("^(%d+%-%x+) (%d+) (%d+)\n$")
	if file then file:close() end
	if epoch then
		self.position = { epoch = epoch, seq = tonumber(seq) }
		self.lost_before = tonumber(lost)
	end

	for _, segment in ipairs(self.format.find(self.directory)) do
		-- Not those that were acknowledged before they were damaged.
		local last = segment.first + segment.count + segment.damage - 1
		local known = self.position and self.position.epoch == segment.epoch and self.position.seq or 0
		local gone = math.min(segment.damage, last - known)
		segment.lost = 0
		if gone > 0 then self:lose(segment, gone) end
		if segment.count > 0 or segment.lost > 0 then self:push(segment) else self.directory:remove(segment.name) end
	end
	if epoch then self:acknowledge(self:ordinal_after(self.position) or 0) end
end

-- Goes on with the epoch of a journal that was closed.
function journal:continue(state)
	self.epoch, self.seq, self.held = state.epoch, state.seq, state.held
	local segment = self.segments[self.tail]
	-- Where records are gone from its end, the next one has no place behind it.
	if segment and segment.first + segment.count - 1 ~= state.seq then segment.damaged = true end
end

function journal:push(segment)
	segment.base = self.ordinal
	self.ordinal = segment.base + segment.count
	self.bytes = self.bytes + segment.size
	self.tail = self.tail + 1
	self.segments[self.tail] = segment
end

-- Appends a record, also to a full outbox: modules that let things begin ask `is_full` first, so that beyond
-- the bound comes only what ends. While the disk refuses, records wait in memory, for `retry`; false means
-- that this one does.
function journal:append(json)
	table.insert(self.held, json)
	return #self.held == 1 and self:retry()
end

-- Whether nothing new should begin: there is no room for more than what is open needs to end.
function journal:is_full()
	return self.bytes >= self.max_bytes or #self.held > 0 or self.unsafe
end

-- Counts records of a segment that nobody can read any more.
function journal:lose(segment, count)
	segment.lost = segment.lost + count
	self.warn("the outbox is damaged", ("%d records of %s are lost"):format(count, segment.name))
end

-- How many records damage has cost since the outbox exists.
function journal:lost()
	local sum = self.lost_before
	for index = self.head, self.tail do sum = sum + self.segments[index].lost end
	return sum
end

-- Writes what waits in memory; true when nothing waits any more.
function journal:retry()
	local held, done = self.held, 0
	for index, json in ipairs(held) do
		local ok, err = self:write(json)
		if not ok then
			self.warn("cannot write to the outbox", ("%s; %d records wait in memory"):format(err, #held - done))
			break
		end
		done = index
	end
	if done > 0 then self.held = table.move(held, done + 1, #held, 1, {}) end
	return #self.held == 0
end

function journal:write(json)
	local line = self.format.line_of(self.seq + 1, json)
	local segment = self.segments[self.tail]
	-- Behind damage nobody reads on.
	if not segment or segment.epoch ~= self.epoch or segment.size >= self.segment_bytes or segment.damaged then
		local first = self.seq + 1
		local name = self.format.name_of(self.epoch, first)
		segment = { name = name, epoch = self.epoch, first = first, count = 0, size = 0, lost = 0 }
	end
	local file, err = self:output_for(segment)
	if not file then return nil, err end
	local ok, write_err = file:write(line)
	if not ok then
		-- A part may have been written: the next attempt opens the file anew and writes over it.
		self:close_output()
		self.overwrites = self.overwrites + 1
		return nil, write_err
	end

	if segment.count == 0 then
		self:push(segment)
		self.unsynced["."] = true
	end
	self.unsynced[segment.name] = true
	segment.count, segment.size = segment.count + 1, segment.size + #line
	self.seq, self.ordinal, self.bytes = self.seq + 1, self.ordinal + 1, self.bytes + #line
	return true
end

function journal:output_for(segment)
	if self.output_name == segment.name then return self.output end
	self:close_output()
	local file, err = self.directory:open(segment.name, segment.count == 0 and "wb" or "r+b")
	if not file then return nil, err end
	file:seek("set", segment.size)
	self.output, self.output_name = file, segment.name
	return file
end

function journal:close_output()
	if self.output then self.output:close() end
	self.output, self.output_name = nil, nil
end

-- Forces to disk what was written since the last time, where that can be done; true when it is there.
-- To be called a bounded time after an append. Blocks for as long as the disk takes.
function journal:sync()
	for name in pairs(self.unsynced) do
		if not self:sync_file(name) then
			-- The kernel may call these pages clean from now on, so whatever follows goes into another file.
			local segment = self.segments[self.tail]
			if segment and segment.name == name then segment.damaged = true end
			return false
		end
		self.unsynced[name] = nil
	end
	self.unsafe = false
	return true
end

-- The same for what is acknowledged. Without it, an older position is found, and some records are sent again.
function journal:sync_position()
	self.position_synced = self.position_synced or self:sync_file(acknowledged_file)
	return self.position_synced
end

function journal:sync_file(name)
	if not self.directory.sync then return true end
	local ok, err = self.directory:sync(name)
	if ok then return true end
	self.warn("the disk does not keep what is written to the outbox", err)
	self.unsafe = true
	return false
end

-- Lets go of the files, with everything on disk that can be. Returns what `resume` takes.
function journal:close()
	self:retry()
	self:sync()
	self:sync_position()
	self:close_output()
	if self.position_file then self.position_file:close() end
	self.position_file = nil
	return { epoch = self.epoch, seq = self.seq, held = self.held }
end

-- How many records wait for their acknowledgement.
function journal:unacknowledged()
	return self.ordinal - self.acknowledged
end

-- The ordinal after a position { epoch, seq }, or nil when its epoch is not known here.
function journal:ordinal_after(position)
	local after
	for index = self.head, self.tail do
		local segment = self.segments[index]
		if segment.epoch == position.epoch and (not after or position.seq >= segment.first) then
			local count = math.min(position.seq - segment.first + 1, segment.count)
			after = segment.base + math.max(count, 0)
		end
	end
	return after
end

-- Moves the position on; never back, though damage may have left fewer records than were acknowledged.
function journal:advance(epoch, seq)
	local position = self.position
	if position and position.epoch == epoch then seq = math.max(seq, position.seq) end
	self.position = { epoch = epoch, seq = seq }
end

-- Forgets the records before an ordinal.
function journal:acknowledge(ordinal)
	if ordinal <= self.acknowledged then return end
	self.acknowledged = ordinal
	local done = self.head - 1
	for index = self.head, self.tail do
		local segment = self.segments[index]
		local count = math.min(ordinal - segment.base, segment.count)
		if count > 0 then self:advance(segment.epoch, segment.first + count - 1) end
		local growing = index == self.tail and segment.epoch == self.epoch
			and segment.size < self.segment_bytes and not segment.damaged
		if count < segment.count or growing then break end
		done = index
	end
	local lost = self.lost_before
	for index = self.head, done do lost = lost + self.segments[index].lost end
	self:write_position(lost)
	-- What would be missed after a power cut is on disk before a segment goes; else it stays until the next time.
	if done >= self.head and self:sync() and self:sync_position() then self:remove_until(done) end
end

function journal:remove_until(done)
	for index = self.head, done do
		local segment = self.segments[index]
		if self.output_name == segment.name then self:close_output() end
		self.unsynced[segment.name] = nil
		self.directory:remove(segment.name)
		self.lost_before = self.lost_before + segment.lost
		self.bytes = self.bytes - segment.size
		self.segments[index] = nil
	end
	self.head = done + 1
end

-- Writes down what is acknowledged: over the last time, as one write within a disk's sector, which happens as a
-- whole or not at all; where the length differs, as a new file in the old one's place.
function journal:write_position(lost)
	local content = ("%s %d %d\n"):format(self.position.epoch, self.position.seq, lost)
	local file = self.position_file
	local ok, err
	if file and #content == self.position_length then
		file:seek("set", 0)
		ok, err = file:write(content)
		self.position_synced = false
	else
		if file then file:close() end
		ok, err = self.directory:replace(acknowledged_file, content)
		self.unsynced["."] = true -- its content is synced before it is renamed
		self.position_synced = true
		self.position_file = ok and self.directory:open(acknowledged_file, "r+b") or nil
		self.position_length = #content
	end
	-- Not grave: after a start without it, some records are sent that the API knows already.
	if not ok then self.warn("cannot write down what is acknowledged", err) end
end

return { open = open }
