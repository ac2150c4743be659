local here = arg[0]:match("^(.*)/") or "."

-- Loads the library as another Lua would.
local function load_on(version)
	local chunk = assert(loadfile(here .. "/../modules/talky/lua.lib.lua", "t", { _VERSION = version, assert = assert }))
	return pcall(chunk)
end

test("another Lua is told which one is needed, and where to say so", function()
	assert(load_on("Lua 5.4"))
	for _, version in ipairs { "Lua 5.1", "Lua 5.2", "Lua 5.3" } do
		local loaded, reason = load_on(version)
		same(loaded, false, version)
		assert(reason:find("need Lua 5.4, and Prosody runs on " .. version, 1, true), reason)
		assert(reason:find("update-alternatives --config lua-interpreter", 1, true), reason)
	end
end)
