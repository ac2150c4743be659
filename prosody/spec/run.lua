-- Runs the unit tests of prosody/modules/talky: `lua5.4 prosody/spec/run.lua`. Takes no Prosody.
-- A test file calls the globals below; a test fails by raising an error.

local here = arg[0]:match("^(.*)/") or "."
local passed, failed = 0, 0

-- Loads a library under test, as `module:require "talky/NAME"` does in Prosody.
function library(name)
	return dofile(here .. "/../modules/talky/" .. name .. ".lib.lua")
end

-- Loads what tests share.
function support(name)
	return dofile(here .. "/" .. name .. ".lua")
end

function fixture(name)
	return assert(io.open(here .. "/../../tests/fixtures/" .. name)):read("a")
end

local function show(value)
	if type(value) ~= "table" then return type(value) == "string" and ("%q"):format(value) or tostring(value) end
	local parts = {}
	for key, item in pairs(value) do table.insert(parts, tostring(key) .. " = " .. show(item)) end
	table.sort(parts)
	return "{ " .. table.concat(parts, ", ") .. " }"
end

function same(actual, expected, what)
	local a, e = show(actual), show(expected)
	if a ~= e then error(("%s: got %s, expected %s"):format(what or "value", a, e), 2) end
end

function test(name, run)
	local ok, err = xpcall(run, debug.traceback)
	if ok then passed = passed + 1 else failed = failed + 1 end
	if not ok then print("FAILED " .. name .. "\n" .. err) end
end

-- Plain Lua cannot list a folder.
local specs = assert(io.popen(("ls '%s'/*_spec.lua"):format(here)))
for path in specs:lines() do dofile(path) end
assert(specs:close(), "no specs are there")
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
