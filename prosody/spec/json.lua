-- Just enough JSON for the tests: encodes what records hold, decodes the shared fixture.

local function encode(value)
	if type(value) == "string" then
		return '"' .. value:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
	elseif type(value) ~= "table" then
		return tostring(value)
	end
	local parts = {}
	if #value > 0 then
		for _, item in ipairs(value) do table.insert(parts, encode(item)) end
		return "[" .. table.concat(parts, ",") .. "]"
	end
	for key, item in pairs(value) do table.insert(parts, encode(key) .. ":" .. encode(item)) end
	return "{" .. table.concat(parts, ",") .. "}"
end

-- Turns JSON into a Lua expression. Good for strings without escapes, as in the fixture.
local function decode(text)
	local lua = text:gsub('"([^"]*)"%s*:', '["%1"]='):gsub("%[([^%]=]*)%]([,}])", "{%1}%2")
	return assert(load("return " .. lua, "json", "t", {}))()
end

return { encode = encode, decode = decode }
