local disks = library("disk")

-- Lets no library be found, or only those of `present`.
local function with(present, run)
	local names = { "posix.fcntl", "posix.unistd", "luv" }
	local loaded, preload = {}, {}
	for _, name in ipairs(names) do
		loaded[name], preload[name] = package.loaded[name], package.preload[name]
		package.loaded[name] = nil
		package.preload[name] = function() return present[name] or error("not installed") end
	end
	local ok, err = pcall(run)
	for _, name in ipairs(names) do package.loaded[name], package.preload[name] = loaded[name], preload[name] end
	if not ok then error(err, 0) end
end

test("what is installed forces a file and a directory to disk, and says when it cannot", function()
	local disk = disks.find()
	if not disk then
		print("skipped: lua-luv is not installed (apt-get install lua-luv)")
		if os.getenv("CI") then error("lua-luv is not installed") end
		return
	end
	local path = os.tmpname()
	local file = io.open(path, "w")
	file:write("something")
	file:flush()
	same(disk.sync(path), true)
	same(disk.sync(path:match("^(.*)/"), true), true)
	file:close()
	os.remove(path)
	local ok, err = disk.sync(path)
	same({ ok, err:match("[Nn]o such file") ~= nil }, { [2] = true })
end)

test("without a library there is nothing to force a file to disk with", function()
	with({}, function() same(disks.find(), nil) end)
end)

-- As lua-posix and lua-luv tell success and failure.
test("each library's way to say no is understood", function()
	local calls = {}
	local function call(name, ...)
		local results = table.pack(...)
		return function(descriptor)
			table.insert(calls, name .. " " .. descriptor)
			return table.unpack(results, 1, results.n)
		end
	end
	local posix = {
		["posix.fcntl"] = { O_RDONLY = 0, open = call("open", 7) },
		["posix.unistd"] = {
			fdatasync = call("data", nil, "x: Input/output error", 5), fsync = call("all", 0), close = call("close", 0),
		},
	}
	local luv = {
		luv = {
			fs_open = call("open", 8), fs_fdatasync = call("data", true), fs_fsync = call("all", nil, "EIO: i/o error", "EIO"),
			fs_close = call("close", true),
		},
	}
	with(posix, function()
		local disk = disks.find()
		same({ disk.name, disk.sync("a", true) }, { "lua-posix", true })
		same({ disk.sync("b") }, { [2] = "x: Input/output error" })
	end)
	with(luv, function()
		local disk = disks.find()
		same({ disk.name, disk.sync("c") }, { "lua-luv", true })
		same({ disk.sync("d", true) }, { [2] = "EIO: i/o error" })
	end)
	same(calls, {
		"open a", "all 7", "close 7", "open b", "data 7", "close 7",
		"open c", "data 8", "close 8", "open d", "all 8", "close 8",
	})
end)
