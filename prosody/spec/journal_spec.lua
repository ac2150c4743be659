local journals, readers, segment = library("journal"), library("reader"), library("segment")
local directories = support("directory")

local function open(directory, options)
	local all = { directory = directory, format = segment, now = 1000, suffix = "0000000a", max_bytes = 1024 * 1024 }
	for name, value in pairs(options or {}) do all[name] = value end
	local journal = journals.open(all)
	return journal, readers.new(journal)
end

-- Everything that is left to read, as `EPOCH SEQ JSON`, in batches of at most `size`.
local function read_all(reader, size)
	local records, upto = {}, nil
	for batch in function() return reader:read(size or 3, 1024) end do
		local seq = batch.first
		for json in (batch.text .. "\n"):gmatch("(.-)\n") do
			table.insert(records, ("%s %d %s"):format(batch.epoch, seq, json))
			seq = seq + 1
		end
		same(seq - 1, batch.last, "last of the batch")
		upto = batch.upto
	end
	return records, upto
end

local function append(journal, from, to)
	for n = from, to do journal:append(('{"n":%d}'):format(n)) end
end

local function numbers(epoch, from, to, first)
	local list = {}
	for n = from, to do table.insert(list, ('%s %d {"n":%d}'):format(epoch, n - from + (first or 1), n)) end
	return list
end

local function joined(...)
	local all = {}
	for _, list in ipairs { ... } do table.move(list, 1, #list, #all + 1, all) end
	return all
end

test("records come out as they went in, in batches", function()
	local journal, reader = open(directories.new())
	append(journal, 1, 7)
	same(reader:pending(), 7)
	local batch = reader:read(3, 1024)
	same(batch, { epoch = "1000-0000000a", first = 1, last = 3, upto = 3, text = '{"n":1}\n{"n":2}\n{"n":3}' })
	same(reader:pending(), 4)
	same(read_all(reader), numbers("1000-0000000a", 4, 7, 4))
	same(reader:read(3, 1024), nil)
	append(journal, 8, 8)
	same(read_all(reader), numbers("1000-0000000a", 8, 8, 8))
end)

test("a batch is bounded in bytes, but one large record passes", function()
	local journal, reader = open(directories.new())
	for _, size in ipairs { 10, 10, 100, 10 } do journal:append(("x"):rep(size)) end
	local sizes = {}
	for batch in function() return reader:read(9, 25) end do table.insert(sizes, #batch.text) end
	same(sizes, { 21, 100, 10 })
end)

test("what was acknowledged is not read again after a start; the rest is, then the new epoch", function()
	local directory = directories.new()
	local journal = open(directory)
	append(journal, 1, 5)
	journal:acknowledge(2)
	local again, reader = open(directory, { now = 2000, suffix = "0000000b" })
	same(again:unacknowledged(), 3)
	append(again, 6, 7)
	same((read_all(reader, 9)), joined(numbers("1000-0000000a", 3, 5, 3), numbers("2000-0000000b", 6, 7)))
end)

test("an epoch is later than the one before, even when the clock was set back", function()
	local directory = directories.new()
	append(open(directory, { now = 5000 }), 1, 1)
	local journal = open(directory, { now = 10 })
	same(journal.epoch, "5001-0000000a")
	append(journal, 2, 2)
	journal:acknowledge(2)
	same(open(directory, { now = 10 }).epoch, "5002-0000000a")
end)

test("acknowledging deletes whole segments, and the file says how far", function()
	local directory = directories.new()
	local journal, reader = open(directory, { segment_bytes = 30 })
	append(journal, 1, 9)
	same(#directory:list(), 3)
	read_all(reader)
	journal:acknowledge(5)
	same(directory.files.acknowledged, "1000-0000000a 5 0\n")
	same(#directory:list(), 3) -- two segments and the file
	journal:acknowledge(9)
	same(#directory:list(), 1)
	same(journal.bytes, 0)
	append(journal, 10, 10)
	same((read_all(reader)), numbers("1000-0000000a", 10, 10, 10))
	journal:acknowledge(10)
	same(#directory:list(), 2) -- the one that still grows
end)

test("many segments of many epochs", function()
	local directory, expected = directories.new(), {}
	for life = 1, 4 do
		local journal = open(directory, { now = 1000 * life, segment_bytes = 30 })
		append(journal, 1, 10)
		expected = joined(expected, numbers(journal.epoch, 1, 10))
	end
	local journal, reader = open(directory, { now = 9000 })
	same(journal:unacknowledged(), 40)
	same((read_all(reader, 7)), expected)
end)

test("positions", function()
	local directory = directories.new()
	append(open(directory), 1, 5)
	local journal = open(directory, { now = 2000, segment_bytes = 30 })
	append(journal, 6, 15)
	local function after(epoch, seq) return journal:ordinal_after { epoch = epoch, seq = seq } end
	same(after("1000-0000000a", 0), 0)
	same(after("1000-0000000a", 3), 3)
	same(after("1000-0000000a", 99), 5)
	same(after("2000-0000000a", 0), 5)
	same(after("2000-0000000a", 4), 9)
	same(after("2000-0000000a", 10), 15)
	same(after("1500-0000000a", 1), nil)
	journal:acknowledge(12)
	same(after("2000-0000000a", 1), 11) -- forgotten already
	same(after("1000-0000000a", 5), nil)
end)

test("a reader goes back, and jumps over what others acknowledged", function()
	local journal, reader = open(directories.new(), { segment_bytes = 30 })
	append(journal, 1, 9)
	reader:read(2, 1024)
	reader:rewind()
	same(reader:read(2, 1024).first, 1)
	journal:acknowledge(8)
	same((read_all(reader)), numbers("1000-0000000a", 9, 9, 9))
end)

test("a record torn at any byte is as if it had not been written", function()
	local whole = directories.new()
	append(open(whole), 1, 3)
	local name, content = next(whole.files)
	local line = #'1 7 {"n":1}\n'
	for length = 0, #content do
		local directory = directories.new()
		directory.files[name] = content:sub(1, length)
		local journal, reader = open(directory, { now = 2000, suffix = "0000000b" })
		append(journal, 4, 4)
		same((read_all(reader)), joined(numbers("1000-0000000a", 1, length // line), numbers("2000-0000000b", 4, 4)))
	end
end)

test("at its bound the outbox is full, takes what ends all the same, and has room when some is read", function()
	local journal, reader = open(directories.new(), { max_bytes = 125 })
	append(journal, 1, 9)
	same(journal:is_full(), false)
	append(journal, 10, 12)
	same(journal:is_full(), true)
	local records, upto = read_all(reader)
	same(records, numbers("1000-0000000a", 1, 12))
	journal:acknowledge(upto)
	same(journal:is_full(), false)
	same(journal:lost(), 0)
end)

test("while the disk refuses, records wait in order; what was half written is written over", function()
	for room = 0, 40 do
		local directory = directories.new()
		local journal, reader = open(directory)
		directory.room = room
		append(journal, 1, 4)
		directory.room = math.huge
		append(journal, 5, 5)
		journal:retry()
		same((read_all(reader)), numbers("1000-0000000a", 1, 5), "with room for " .. room)
		same(#journal.held, 0)
	end
end)

test("an outbox whose disk refuses is full, however little it holds", function()
	local directory, warnings = directories.new(), 0
	local journal, reader = open(directory, { warn = function() warnings = warnings + 1 end })
	directory.room = 0
	same(journal:append('{"n":1}'), false)
	append(journal, 2, 6)
	same({ journal:is_full(), #journal.held, warnings }, { true, 6, 1 })
	directory.room = 40
	same(journal:retry(), false)
	same({ journal:is_full(), #journal.held }, { true, 3 })
	directory.room = math.huge
	same(journal:retry(), true)
	same(journal:is_full(), false)
	same((read_all(reader)), numbers("1000-0000000a", 1, 6))
end)

test("damage in the middle costs the rest of its segment, not the outbox", function()
	local directory = directories.new()
	local journal, reader = open(directory, { segment_bytes = 30 })
	append(journal, 1, 6)
	local name = "1000-0000000a.1.log"
	directory.files[name] = directory.files[name]:gsub('"n":2', '"n",2'):gsub("2 7", "2 8")
	same((read_all(reader)), joined(numbers("1000-0000000a", 1, 1), numbers("1000-0000000a", 4, 6, 4)))
	same(journal:lost(), 2)
	reader:rewind()
	read_all(reader)
	same(journal:lost(), 2)
	local again = open(directory, { now = 2000 })
	read_all(library("reader").new(again))
	same(again:lost(), 2, "after a start")
	again:acknowledge(again.ordinal)
	same(again:lost(), 2, "when its segment is gone")
	same(open(directory, { now = 3000 }):lost(), 2, "and after another start")
end)

test("damage where an epoch ends is told apart from a torn record", function()
	local directory = directories.new()
	append(open(directory), 1, 6)
	local name = "1000-0000000a.1.log"
	directory.files[name] = directory.files[name]:gsub("3 7", "3 8") .. "7 7 {"
	for _ = 1, 2 do
		local journal, reader = open(directory, { now = 2000, suffix = "0000000b" })
		same((read_all(reader)), numbers("1000-0000000a", 1, 2))
		same(journal:lost(), 4)
	end
end)

test("nothing is written behind damage", function()
	local directory = directories.new()
	local journal, reader = open(directory)
	append(journal, 1, 6)
	local name = "1000-0000000a.1.log"
	directory.files[name] = directory.files[name]:gsub("3 7", "3 8")
	same((read_all(reader)), numbers("1000-0000000a", 1, 2))
	append(journal, 7, 9)
	for _ = 1, 2 do
		same(journal:lost(), 4)
		reader:rewind()
		same((read_all(reader)), joined(numbers("1000-0000000a", 1, 2), numbers("1000-0000000a", 7, 9, 7)))
	end
	journal:acknowledge(journal.ordinal)
	same({ journal:lost(), directory.files[name] }, { 4 })
end)

test("what was acknowledged before it was damaged is not lost", function()
	local directory = directories.new()
	local journal, reader = open(directory)
	append(journal, 1, 10)
	journal:acknowledge(8)
	local name = "1000-0000000a.1.log"
	directory.files[name] = directory.files[name]:gsub("2 7", "2 8")
	read_all(reader)
	same(journal:lost(), 2)
	for life = 2, 3 do
		local again = open(directory, { now = 1000 * life })
		same(again:lost(), 2)
		same(directory.files.acknowledged:match("%S+ %d+"), "1000-0000000a 8")
	end
end)

test("a single segment that fills the outbox goes when it is acknowledged", function()
	local directory = directories.new()
	local journal, reader = open(directory, { max_bytes = 100 })
	journal:append('{"body":"' .. ("x"):rep(200) .. '"}')
	same(journal:is_full(), true)
	journal:acknowledge(reader:read(10, 1024).upto)
	same({ journal:is_full(), journal.bytes }, { false, 0 })
	append(journal, 2, 2)
	same((read_all(reader)), { '1000-0000000a 2 {"n":2}' })
end)

test("one that is closed goes on in another, with the same epoch and what waits in memory", function()
	for segment_bytes = 20, 80, 10 do
		local directory = directories.new()
		local journal = open(directory, { segment_bytes = segment_bytes })
		append(journal, 1, 5)
		journal:acknowledge(2)
		directory.room = 0
		append(journal, 6, 7)
		journal:close()
		append(journal, 8, 8) -- somebody still has the one that was closed
		local state = journal:close()
		directory.room = math.huge
		local again, reader = open(directory, { now = 2000, resume = state, segment_bytes = segment_bytes })
		same(again:is_full(), true)
		append(again, 9, 9)
		same(again:retry(), true)
		same((read_all(reader)), numbers("1000-0000000a", 3, 9, 3))
		same({ again:lost(), again:unacknowledged() }, { 0, 7 })
	end
end)

test("nothing is written behind damage by one that goes on, either", function()
	local directory = directories.new()
	local journal = open(directory)
	append(journal, 1, 5)
	local state = journal:close()
	local name = "1000-0000000a.1.log"
	directory.files[name] = directory.files[name]:gsub("4 7", "4 8")
	local again, reader = open(directory, { resume = state })
	append(again, 6, 7)
	same((read_all(reader)), joined(numbers("1000-0000000a", 1, 3), numbers("1000-0000000a", 6, 7, 6)))
	same(again:lost(), 2)
end)

-- Whatever is interrupted wherever, no record that was appended and not acknowledged is missing, none
-- comes twice, and all come in order.
test("killed at random", function()
	math.randomseed(20260101)
	for _ = 1, 300 do
		local directory, n, taken, pending = directories.new(), 0, 0, {}
		for life = 1, 6 do
			local journal, reader = open(directory, { now = 1000 * life, segment_bytes = math.random(20, 80) })
			for _ = 1, math.random(0, 30) do
				local dice = math.random(4)
				if dice <= 2 then
					n = n + 1
					append(journal, n, n)
					table.insert(pending, n)
				elseif dice == 3 then
					local batch = reader:read(math.random(4), 1024)
					for found in (batch and batch.text or ""):gmatch('"n":(%d+)') do
						taken = taken + 1
						same(tonumber(found), pending[taken], "the next record")
					end
					if batch and math.random(2) == 1 then
						journal:acknowledge(batch.upto)
						pending, taken = table.move(pending, taken + 1, #pending, 1, {}), 0
					end
				else
					reader:rewind()
					taken = 0
				end
			end
			-- The kill: a part of one more record may be on disk.
			taken = 0
			local name = journal.output_name
			if name then
				local torn = segment.line_of(journal.seq + 1, '{"torn":1}')
				directory.files[name] = directory.files[name] .. torn:sub(1, math.random(0, #torn - 1))
			end
		end
	end
end)
