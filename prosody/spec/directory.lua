-- A directory in memory (as ../modules/talky/directory.lib.lua has it on disk), which refuses to take more
-- bytes than there is `room` for, after writing the part that fits.

local directory = {}
directory.__index = directory

local file = {}
file.__index = file

local function new()
	return setmetatable({ files = {}, room = math.huge }, directory)
end

function directory:list()
	local names = {}
	for name in pairs(self.files) do table.insert(names, name) end
	return names
end

function directory:open(name, mode)
	if mode == "wb" then self.files[name] = "" end
	if not self.files[name] then return nil, name .. ": No such file or directory" end
	return setmetatable({ directory = self, name = name, position = 0 }, file)
end

function directory:size(name)
	return #self.files[name]
end

function directory:remove(name)
	self.files[name] = nil
	return true
end

function directory:replace(name, content)
	self.files[name] = content
	return true
end

function file:seek(_, position)
	self.position = position
end

function file:write(text)
	local fits = math.min(#text, self.directory.room)
	self.directory.room = self.directory.room - fits
	local old = self.directory.files[self.name]
	self.directory.files[self.name] = old:sub(1, self.position) .. text:sub(1, fits) .. old:sub(self.position + fits + 1)
	self.position = self.position + fits
	if fits < #text then return nil, "No space left on device" end
	return self
end

function file:read(what)
	local content = self.directory.files[self.name]
	if what == "a" then return content end
	if self.position >= #content then return nil end
	local line = content:match("[^\n]*\n?", self.position + 1)
	self.position = self.position + #line
	return line
end

function file:lines(what)
	return function() return self:read(what) end
end

function file.close()
	return true
end

return { new = new }
