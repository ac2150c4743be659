-- Reads a client's WebSocket frames (RFC 6455 §5) as their bytes come in, joins the messages that come in
-- several, and takes out those that are longer than a stanza may be, or flawed. Everything else is passed on as it is.
--
-- Options:
--   limit  most bytes of a message
--   head   how many bytes of one that is taken out are kept, to be told by
--   codec  Prosody's net.websocket.frames
--   flaw   returns what is wrong with a message's text, or nil; default: nothing is
--   least  bytes from which on a message is looked at for a flaw; default 2048

local continuation, text = 0x0, 0x1
local first_control = 0x8

-- A payload's bytes from `offset` on, which the mask's four bytes take turns in.
local function unmask(codec, frame, data)
	if not frame.MASK then return data end
	local turn = frame.offset % 4
	return codec.parse_body(data, {
		MASK = true, key = frame.key:sub(turn + 1) .. frame.key:sub(1, turn), length = #data,
	}, 1)
end

local reader = {}
reader.__index = reader

local function new(options)
	return setmetatable({
		limit = options.limit, head = options.head, codec = options.codec,
		flaw = options.flaw or function() end,
		whole = math.min(options.limit, options.least or 2048), -- most bytes of a message that passes in pieces
		rest = "",     -- the beginning of a header
		frame = nil,   -- whose payload is coming
		message = nil, -- that is being joined, or left out: { pieces, length }
		messages = 0,  -- that were passed on, or are being
		others = 0,    -- frames that begin no message: control frames, and pieces of one
	}, reader)
end

-- Keeps a piece of the message; of one that is too long, no more than its head.
function reader:keep(piece)
	local message = self.message
	message.length = message.length + #piece
	if message.length <= self.limit then
		table.insert(message.pieces, piece)
	elseif not message.too_long then
		message.too_long = true
		message.pieces = { (table.concat(message.pieces) .. piece):sub(1, self.head) }
	end
end

-- What a frame's header asks for, or nil and what is wrong with it.
function reader:begin(frame)
	local control = frame.opcode >= first_control
	local goes_on = frame.opcode == continuation
	if frame.length < 0 then return nil, "a length beyond all bounds" end
	if not control and goes_on ~= (self.message ~= nil) then return nil, "a message inside another one" end
	frame.left, frame.offset = frame.length, 0
	if frame.opcode ~= text then self.others = self.others + 1 end
	if goes_on then
		frame.joins = true
	elseif frame.opcode == text and (not frame.FIN or frame.length > self.whole) then
		frame.joins = true
		self.message = { pieces = {}, length = 0 }
	elseif frame.opcode == text then
		self.messages = self.messages + 1
	end
	if frame.joins and (frame.RSV1 or frame.RSV2 or frame.RSV3) then return nil, "reserved bits" end
	return frame
end

-- The message's last frame is over: passes it on as one, or takes it out.
function reader:finish(passed, refused)
	local message = self.message
	self.message = nil
	local data = table.concat(message.pieces)
	local flaw = not message.too_long and self.flaw(data)
	if message.too_long or flaw then
		table.insert(refused, { head = data:sub(1, self.head), flaw = flaw or nil })
	else
		self.messages = self.messages + 1
		table.insert(passed, self.codec.build { FIN = true, opcode = text, data = data })
	end
end

-- Takes bytes. Returns what to pass on; the messages that were taken out, { head, flaw }, without a flaw where they
-- are too long; and, where the frames are none, what is wrong: then the connection is to be closed.
function reader:read(data)
	local passed, refused = {}, {}
	data, self.rest = self.rest .. data, ""
	local at = 1
	while true do
		local frame = self.frame
		if not frame then
			local header, size = self.codec.parse_header(data:sub(at, at + 13))
			if not header then
				self.rest = data:sub(at)
				break
			end
			local fault
			frame, fault = self:begin(header)
			if not frame then return table.concat(passed), refused, fault end
			self.frame = frame
			if not frame.joins then table.insert(passed, data:sub(at, at + size - 1)) end
			at = at + size
		end
		local piece = data:sub(at, at + frame.left - 1)
		at = at + #piece
		if not frame.joins then
			table.insert(passed, piece)
		elseif #piece > 0 then
			self:keep(self.message.too_long and piece or unmask(self.codec, frame, piece))
		end
		frame.left, frame.offset = frame.left - #piece, frame.offset + #piece
		if frame.left > 0 then break end
		self.frame = nil
		if frame.joins and frame.FIN then self:finish(passed, refused) end
	end
	return table.concat(passed), refused
end

-- The start tag that a message begins with, made an element without content; nil where it has none.
local function start_tag(head)
	local from = 1
	while true do
		local at, _, mark = head:find("([\"'>])", from)
		if not at then return nil end
		if mark == ">" then return (head:sub(1, at - 1):gsub("/$", "")) .. "/>" end
		local closing = head:find(mark, at + 1, true)
		if not closing then return nil end
		from = closing + 1
	end
end

return { new = new, start_tag = start_tag }
