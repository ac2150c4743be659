-- The file system as the journal needs it: one flat directory. Tests put a failing one in its place.

local directory = {}
directory.__index = directory

-- `lfs` is LuaFileSystem. `disk` (disk.lib.lua) forces files to disk; without one the directory has no `sync`.
local function open(path, lfs, disk)
	if not lfs.attributes(path) then assert(lfs.mkdir(path)) end
	local opened = setmetatable({ path = path, lfs = lfs }, directory)
	if disk then
		-- Returns when the content of a file is on disk; of ".", the names that were created, renamed and removed.
		-- Or returns nil and why it is not.
		function opened.sync(_, name) return disk.sync(path .. "/" .. name, name == ".") end
	end
	return opened
end

function directory:list()
	local names = {}
	for name in self.lfs.dir(self.path) do
		if name ~= "." and name ~= ".." then table.insert(names, name) end
	end
	return names
end

function directory:size(name)
	return self.lfs.attributes(self.path .. "/" .. name, "size")
end

-- Files are unbuffered for writing: a write that returned is the kernel's, and outlives this process.
function directory:open(name, mode)
	local file, err = io.open(self.path .. "/" .. name, mode)
	if file and mode ~= "rb" then file:setvbuf("no") end
	return file, err
end

function directory:remove(name)
	return os.remove(self.path .. "/" .. name)
end

-- Other readers see the old content or the new one, never a part; nor does a process that starts after a power cut.
function directory:replace(name, content)
	local scratch = name .. "~"
	local file, err = self:open(scratch, "wb")
	if not file then return nil, err end
	local ok, write_err = file:write(content)
	file:close()
	if not ok then return nil, write_err end
	if self.sync then
		local synced, sync_err = self:sync(scratch)
		if not synced then return nil, sync_err end
	end
	return os.rename(self.path .. "/" .. scratch, self.path .. "/" .. name)
end

return { open = open }
