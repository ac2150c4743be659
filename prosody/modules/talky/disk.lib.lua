-- Forcing files to disk, which Lua itself cannot: by lua-posix or lua-luv, whichever there is for this Lua.
-- (Debian's lua-posix is for Lua 5.4, Prosody's, from Debian 13 on; lua-luv already in Debian 12.)

-- Each returns { name, open, data, all, close }: `data` is fdatasync(2), `all` fsync(2), on what `open` returned.
local loaders = {
	function()
		local fcntl, unistd = require "posix.fcntl", require "posix.unistd"
		local function open(path) return fcntl.open(path, fcntl.O_RDONLY) end
		return { name = "lua-posix", open = open, data = unistd.fdatasync, all = unistd.fsync, close = unistd.close }
	end,
	function()
		-- It looks whether there is a global `_THREAD`; Prosody warns of who reads one that is not there.
		local strict = getmetatable(_G)
		setmetatable(_G, nil)
		local found, uv = pcall(require, "luv")
		setmetatable(_G, strict)
		if not found then error(uv, 0) end
		local function open(path) return uv.fs_open(path, "r", 0) end
		return { name = "lua-luv", open = open, data = uv.fs_fdatasync, all = uv.fs_fsync, close = uv.fs_close }
	end,
}

-- Returns { name, sync } by the first library that is installed, or nil. `sync(path, all)` returns when the
-- content of a file (with `all`, everything about it; a directory takes that) is on disk, or nil and why not.
local function find()
	for _, load in ipairs(loaders) do
		local ok, library = pcall(load)
		if ok then
			local function sync(path, all)
				local descriptor, open_err = library.open(path)
				if not descriptor then return nil, open_err end
				local done, err = (all and library.all or library.data)(descriptor)
				library.close(descriptor)
				if done then return true end
				return nil, err
			end
			return { name = library.name, sync = sync }
		end
	end
	return nil
end

return { find = find }
