-- The file system as the journal needs it: one flat directory. Tests put a failing one in its place.

local directory = {}
directory.__index = directory

-- `lfs` is LuaFileSystem.
local function open(path, lfs)
	if not lfs.attributes(path) then assert(lfs.mkdir(path)) end
	return setmetatable({ path = path, lfs = lfs }, directory)
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

-- Other readers see the old content or the new one, never a part.
function directory:replace(name, content)
	local scratch = name .. "~"
	local file, err = self:open(scratch, "wb")
	if not file then return nil, err end
	local ok, write_err = file:write(content)
	file:close()
	if not ok then return nil, write_err end
	return os.rename(self.path .. "/" .. scratch, self.path .. "/" .. name)
end

return { open = open }
