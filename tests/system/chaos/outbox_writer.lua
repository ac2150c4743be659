-- Appends to an outbox until it is killed: `lua5.4 outbox_writer.lua DIRECTORY ACKNOWLEDGED SUFFIX`. Says
-- what it finds (`kept N`), when it has acknowledged and begins (`begun`), and each append that is done.

local libraries = arg[0]:match("^(.*)/") .. "/../../../prosody/modules/talky/"
local function library(name)
	return dofile(libraries .. name .. ".lib.lua")
end

local path, acknowledged, suffix = arg[1], tonumber(arg[2]), arg[3]
io.stdout:setvbuf("no")

-- Of all sizes, so large that a kill can fall into a write.
local function record(number)
	return ('{"n":%d,"fill":"%s"}'):format(number, ("x"):rep(number * 7919 % 60000))
end

local journal = library("journal").open {
	directory = library("directory").open(path, (require "lfs")),
	format = library("segment"),
	now = os.time() * 1000,
	suffix = suffix,
	max_bytes = 256 * 1024 * 1024,
	segment_bytes = 256 * 1024,
	warn = function(what, more) print("warned " .. what .. ": " .. more) end,
}

local reader, last, upto = library("reader").new(journal), acknowledged, nil
for batch in function() return reader:read(1, 128 * 1024) end do
	local number = tonumber(batch.text:match('^{"n":(%d+)'))
	print((batch.text == record(number) and "kept " or "damaged ") .. number)
	if number <= acknowledged then upto = batch.upto end
	last = math.max(last, number)
end
if upto then journal:acknowledge(upto) end

print "begun"
repeat
	last = last + 1
	local ok = journal:append(record(last))
	print((ok and "done " or "held ") .. last)
until not ok
