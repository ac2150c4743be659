-- A directory in memory (directory.lua) on a disk that forgets: at a power cut a file has what was synced, and of
-- what was not any part, or none; what was written over is old or new; names that were not synced are as they
-- were, or as they became.

local directories = support("directory")

-- What of a file survives: `old` was synced, `new` was not.
local function survivor(old, new)
	if old == new then return new end
	if #old >= #new or new:sub(1, #old) ~= old then return math.random(2) == 1 and old or new end
	local rest = new:sub(#old + 1)
	local dice = math.random(3)
	-- The length may get there before the content does.
	if dice == 1 then return old .. ("\0"):rep(#rest) end
	if dice == 2 then
		local hole = math.random(#rest)
		return old .. ("\0"):rep(hole) .. rest:sub(hole + 1)
	end
	return old .. rest:sub(1, math.random(0, #rest))
end

local function new()
	local directory = directories.new()
	local inodes, last_inode = {}, 0 -- by name
	local contents = {} -- by inode: what of a file is on disk
	local names = {} -- the inodes of the names that are on disk

	local function create(name)
		last_inode = last_inode + 1
		inodes[name] = last_inode
	end

	function directory:sync(name)
		if name == "." then
			names = {}
			for each in pairs(self.files) do names[each] = inodes[each] end
		else
			contents[inodes[name]] = self.files[name]
		end
		return true
	end

	local open = directory.open
	function directory:open(name, mode)
		if mode == "wb" and not self.files[name] then create(name) end
		return open(self, name, mode)
	end

	-- Another file, synced, then given this name.
	function directory:replace(name, content)
		create(name)
		self.files[name] = content
		return self:sync(name)
	end

	-- The directory as it is when the power is back.
	function directory:power_cut()
		local after = new()
		local all = {}
		for name in pairs(self.files) do all[name] = true end
		for name in pairs(names) do all[name] = true end
		for name in pairs(all) do
			local is, was = self.files[name] and inodes[name], names[name]
			if is and (is == was or math.random(2) == 1) then
				after:replace(name, survivor(contents[is] or "", self.files[name]))
			elseif was and (is ~= was) then
				after:replace(name, contents[was] or "")
			end
		end
		after:sync(".")
		return after
	end

	return directory
end

return { new = new }
