-- Builds the line of JSON that is one record (../../README.md, "Records").

-- RFC 3339 in UTC with exactly three decimals. `now` is in seconds, with a fraction.
local function time(now)
	local milliseconds = math.floor(now * 1000)
	return os.date("!%Y-%m-%dT%H:%M:%S", milliseconds // 1000) .. (".%03dZ"):format(milliseconds % 1000)
end

-- At most `limit` bytes of `text`, never ending inside a character.
local function cut(text, limit)
	if #text <= limit then return text end
	local last = limit
	while last > 0 and (text:byte(last + 1) & 0xC0) == 0x80 do last = last - 1 end
	return text:sub(1, last)
end

-- Text that came from outside XML (an HTTP header): made fit for JSON inside a stanza.
local function clean(text)
	text = text:gsub("%c", " ")
	return utf8.len(text) and text or (text:gsub("[\128-\255]", "?"))
end

-- Returns the encoder. `json` encodes a value; the order of the fields is fixed, for people who read it.
local function encoder(json)
	return function(record, now)
		local fields = { '{"type":', json(record.type), ',"time":"', time(now), '"' }
		for _, name in ipairs { "room", "actor", "peer" } do
			if record[name] ~= nil then
				table.insert(fields, ',"' .. name .. '":' .. json(record[name]))
			end
		end
		table.insert(fields, ',"data":' .. json(record.data or {}) .. "}")
		return table.concat(fields)
	end
end

return { time = time, cut = cut, clean = clean, encoder = encoder }
