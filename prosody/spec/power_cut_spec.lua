-- What the outbox has on disk when the power fails: everything that was synced, whatever became of the rest.

local journals, readers, segment = library("journal"), library("reader"), library("segment")
local directories = support("forgetful_directory")

local function open(directory, options)
	local all = { directory = directory, format = segment, now = 1000, suffix = "0000000a", max_bytes = 1024 * 1024 }
	for name, value in pairs(options or {}) do all[name] = value end
	local journal = journals.open(all)
	return journal, readers.new(journal)
end

test("what was appended is on disk once it was synced", function()
	for round = 1, 200 do
		math.randomseed(round)
		local directory = directories.new()
		local journal = open(directory)
		for n = 1, 5 do journal:append(('{"n":%d}'):format(n)) end
		same(journal:sync(), true)
		for n = 6, 9 do journal:append(('{"n":%d}'):format(n)) end
		local _, reader = open(directory:power_cut(), { now = 2000 })
		local batch = reader:read(100, 1024)
		same({ batch.first, batch.last >= 5 }, { 1, true })
	end
end)

test("nothing is forced to disk twice", function()
	local directory, synced = directories.new(), {}
	local sync = directory.sync
	function directory:sync(name)
		table.insert(synced, name)
		return sync(self, name)
	end
	local journal = open(directory)
	journal:append("{}")
	journal:append("{}")
	journal:sync()
	table.sort(synced)
	same(synced, { ".", "1000-0000000a.1.log" })
	journal:sync()
	same(#synced, 2)
	journal:append("{}")
	journal:sync()
	same(synced[3], "1000-0000000a.1.log")
	same(#synced, 3)
end)

test("before a segment goes, what follows it and the position are on disk", function()
	local directory, steps = directories.new(), {}
	for _, name in ipairs { "sync", "remove", "replace" } do
		local act = directory[name]
		directory[name] = function(self, file, ...)
			table.insert(steps, name .. " " .. file)
			return act(self, file, ...)
		end
	end
	local journal = open(directory, { segment_bytes = 30 })
	for _ = 1, 5 do journal:append('{"n":1}') end
	journal:acknowledge(1)
	steps = {}
	journal:acknowledge(3)
	local removed = steps[#steps]
	same(removed, "remove 1000-0000000a.1.log")
	table.sort(steps, function(a, b) return a < b end)
	same(steps, {
		"remove 1000-0000000a.1.log", "sync .",
		"sync 1000-0000000a.1.log", "sync 1000-0000000a.4.log", "sync acknowledged",
	})
end)

test("while the disk keeps nothing, the outbox is full and no segment goes; then it goes on in another", function()
	local directory, warnings = directories.new(), 0
	local journal, reader = open(directory, { segment_bytes = 30, warn = function() warnings = warnings + 1 end })
	local sync = directory.sync
	for _ = 1, 4 do journal:append('{"n":1}') end
	function directory.sync() return nil, "Input/output error" end
	same({ journal:sync(), journal:is_full(), warnings }, { false, true, 1 })
	journal:acknowledge(3)
	same(directory.files["1000-0000000a.1.log"] ~= nil, true)
	directory.sync = sync
	same({ journal:sync(), journal:is_full() }, { true, false })
	journal:append('{"n":1}')
	journal:acknowledge(4)
	same(directory.files["1000-0000000a.1.log"], nil)
	local batch = reader:read(10, 1000)
	same({ batch.first, batch.last }, { 5, 5 })
end)

-- Lives that end with a power cut, at a clock that may be set back. The API keeps what it was sent and has
-- acknowledged, and hands over its position at every start.
test("power cuts at random", function()
	for round = 1, 1000 do
		math.randomseed(round)
		local directory = directories.new()
		local stored = {} -- by epoch: up to where the API has it
		local newest
		local epochs, synced = {}, {} -- by epoch, in order: the last record that must come
		for _ = 1, 5 do
			local journal, reader = open(directory, {
				now = 1000 * math.random(9), segment_bytes = math.random(20, 80),
			})
			if newest then
				same(segment.epoch_time(journal.epoch) > segment.epoch_time(newest), true, "a later epoch")
				local known = journal:ordinal_after { epoch = newest, seq = stored[newest] or 0 }
				if known then journal:acknowledge(known) end
			end
			-- As mod_talky_outbox begins: an epoch is on disk before anybody hears of it.
			journal:append('{"n":1}')
			journal:sync()
			local appended = 1
			synced[journal.epoch] = 1
			table.insert(epochs, journal.epoch)
			for _ = 1, math.random(0, 40) do
				local dice = math.random(10)
				if dice <= 5 then
					appended = appended + 1
					journal:append(('{"n":%d}'):format(appended))
				elseif dice <= 7 then
					journal:sync()
					synced[journal.epoch] = appended
				else
					local batch = reader:read(math.random(9), 1024)
					if batch then
						-- What was synced, and is not stored, comes before anything that follows it.
						for _, epoch in ipairs(epochs) do
							if epoch == batch.epoch then break end
							local has, must = stored[epoch] or 0, synced[epoch] or 0
							if has < must then error(("%d of %s has not come"):format(has + 1, epoch)) end
						end
						local has = stored[batch.epoch] or 0
						if batch.first > has + 1 and has < (synced[batch.epoch] or 0) then
							error(("%d of %s after %d"):format(batch.first, batch.epoch, has))
						end
						stored[batch.epoch] = math.max(has, batch.last)
						newest = batch.epoch
						if math.random(3) > 1 then journal:acknowledge(batch.upto) end
					end
				end
			end
			directory = directory:power_cut()
		end
		local journal, reader = open(directory, { now = 100000 })
		local known = newest and journal:ordinal_after { epoch = newest, seq = stored[newest] }
		if known then journal:acknowledge(known) end
		for batch in function() return reader:read(100, 10000) end do
			stored[batch.epoch] = math.max(stored[batch.epoch] or 0, batch.last)
		end
		for _, epoch in ipairs(epochs) do
			same((stored[epoch] or 0) >= (synced[epoch] or 0), true, ("round %d: all of %s"):format(round, epoch))
		end
	end
end)
