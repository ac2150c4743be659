local frames = library("frames")

-- Frames as Prosody's net.websocket.frames has them.
local codec = {}

function codec.parse_header(bytes)
	if #bytes < 2 then return nil end
	local one, two = bytes:byte(1, 2)
	local length, size = two & 0x7F, 2
	if length == 126 then size = 4 elseif length == 127 then size = 10 end
	local masked = two & 0x80 > 0
	if #bytes < size + (masked and 4 or 0) then return nil end
	if size > 2 then length = (size == 4 and ">I2" or ">i8"):unpack(bytes, 3) end
	return {
		FIN = one & 0x80 > 0, RSV1 = one & 0x40 > 0, RSV2 = false, RSV3 = false, opcode = one & 0x0F,
		MASK = masked, key = masked and bytes:sub(size + 1, size + 4) or nil, length = length,
	}, size + (masked and 4 or 0)
end

function codec.parse_body(bytes, header, from)
	local body = {}
	for index = 0, header.length - 1 do
		body[index + 1] = string.char(bytes:byte(from + index) ~ header.key:byte(index % 4 + 1))
	end
	return table.concat(body)
end

local function build(opcode, data, fin, key, first)
	local length = #data < 126 and string.char(#data) or #data < 65536 and "\126" .. (">I2"):pack(#data)
		or "\127" .. (">I8"):pack(#data)
	if key then
		length = string.char(length:byte() | 0x80) .. length:sub(2) .. key
		data = codec.parse_body(data, { length = #data, key = key }, 1)
	end
	return string.char((fin and 0x80 or 0) | opcode | (first or 0)) .. length .. data
end

function codec.build(frame)
	return build(frame.opcode, frame.data, frame.FIN)
end

local function open(limit)
	return frames.new { limit = limit, head = 20, codec = codec }
end

-- The texts of whole messages among bytes that were passed on, and the other frames as they are.
local function messages(bytes)
	local list, at = {}, 1
	while at <= #bytes do
		local header, size = codec.parse_header(bytes:sub(at, at + 13))
		local body = bytes:sub(at + size, at + size + header.length - 1)
		if header.MASK then body = codec.parse_body(body, header, 1) end
		table.insert(list, (header.FIN and "" or "part ") .. header.opcode .. " " .. body)
		at = at + size + header.length
	end
	return list
end

test("a message in one frame is passed on to the byte", function()
	local bytes = build(1, "<a/>", true, "key!") .. build(9, "ping", true, "1234") .. build(8, "", true)
	local passed, refused, fault = open(100):read(bytes)
	same(passed, bytes)
	same(refused, {})
	same(fault, nil)
end)

test("however messages are cut into frames and frames into reads, they arrive whole, in order, once", function()
	math.randomseed(7)
	for _ = 1, 2000 do
		local limit = math.random(20, 400)
		local bytes, texts, pings, long = {}, {}, {}, {}
		for number = 1, math.random(1, 6) do
			local text = ("<%d%s"):format(number, ("é>"):rep(math.random(0, 200)))
			local pieces, from = math.random(1, 4), 1
			for piece = 1, pieces do
				local to = piece == pieces and #text or math.random(from - 1, #text)
				local key = math.random() < 0.8 and (">I4"):pack(math.random(0, 0xFFFFFFFF)) or nil
				table.insert(bytes, build(piece == 1 and 1 or 0, text:sub(from, to), piece == pieces, key))
				from = to + 1
				if math.random() < 0.3 then
					table.insert(bytes, build(9, "ping", true, key))
					table.insert(pings, "9 ping")
				end
			end
			if #text > limit then table.insert(long, text:sub(1, 20)) else table.insert(texts, "1 " .. text) end
		end
		local all, reader = table.concat(bytes), open(limit)
		local passed, refused, at = {}, {}, 1
		while at <= #all do
			local size = math.random(1, 300)
			local some, out, fault = reader:read(all:sub(at, at + size - 1))
			same(fault, nil)
			table.insert(passed, some)
			for _, message in ipairs(out) do table.insert(refused, message.head) end
			at = at + size
		end
		local got = { texts = {}, pings = {} }
		for _, message in ipairs(messages(table.concat(passed))) do
			table.insert(got[message:sub(1, 1) == "9" and "pings" or "texts"], message)
		end
		same(table.concat(got.texts, "\n"), table.concat(texts, "\n"))
		same(table.concat(got.pings, "\n"), table.concat(pings, "\n"))
		same(table.concat(refused, "\n"), table.concat(long, "\n"))
	end
end)

test("of what is too long no more is kept than its head, however long it is", function()
	local reader = open(1000)
	local _, refused = reader:read(build(1, "<message id='1'>", false))
	same(refused, {})
	collectgarbage()
	local before = collectgarbage("count")
	for _ = 1, 500 do
		_, refused = reader:read(build(0, ("x"):rep(10000), false, "mask"))
		same(refused, {})
	end
	collectgarbage()
	assert(collectgarbage("count") - before < 100, "kilobytes are kept")
	local passed
	passed, refused = reader:read(build(0, "", true) .. build(1, "<next/>", true))
	same(refused, { { head = "<message id='1'>xxxx" } })
	same(messages(passed), { "1 <next/>" })
end)

test("frames that are none are told", function()
	local half = build(1, "<a", false)
	for _, wrong in ipairs {
		build(0, "/>", true),                         -- the rest of nothing
		half .. build(1, "<b/>", true),               -- a message inside another
		half .. build(2, "binary", true),
		half .. build(0, "/>", true, nil, 0x40),      -- a reserved bit
		"\x81\x7F\xFF" .. ("\0"):rep(7),              -- a length that is none
	} do
		local _, _, fault = open(100):read(wrong)
		assert(fault, ("%q"):format(wrong))
	end
	-- mod_websocket knows what it does not take.
	for _, its in ipairs { build(2, "binary", true), build(2, "bin", false), build(1, "<a/>", true, nil, 0x40) } do
		same(open(100):read(its), its)
	end
end)

test("a stanza that is cut off is known by its start tag", function()
	same(frames.start_tag("<message to='a' id=\"b>\"><body>text"), "<message to='a' id=\"b>\"/>")
	same(frames.start_tag("<message to='\"'><body>it's"), "<message to='\"'/>")
	same(frames.start_tag("<presence/>"), "<presence/>")
	same(frames.start_tag("<message to='a"), nil)
	same(frames.start_tag("<message to"), nil)
	same(frames.start_tag(""), nil)
end)

test("a message with a flaw is taken out; one that is too short to have it is not looked at", function()
	local looked = {}
	local reader = frames.new {
		limit = 1000, head = 5, codec = codec, least = 20,
		flaw = function(text)
			table.insert(looked, text)
			return text:find("bad", 1, true) and "it is bad" or nil
		end,
	}
	local bad, good, short = ("bad"):rep(10), ("good"):rep(10), "bad"
	local passed, refused = reader:read(build(1, bad, true, "key!") .. build(1, good, true, "key!")
		.. build(1, short, true, "key!") .. build(1, bad, false) .. build(0, "", true))
	same(messages(passed), { "1 " .. good, "1 " .. short })
	same(refused, { { head = "badba", flaw = "it is bad" }, { head = "badba", flaw = "it is bad" } })
	same(looked, { bad, good, bad })
	same(reader.messages, 2)
end)
