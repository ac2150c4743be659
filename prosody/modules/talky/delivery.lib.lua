-- Who is fed with the outbox's records, and how fast. Subscribers queue in order of arrival; the first
-- one is fed, with a bounded number of batches on the way. What is not acknowledged is sent again, from
-- the first record missing (go-back-N): to the same subscriber after a pause when it refused, or to the
-- next one.

local delivery = {}
delivery.__index = delivery

-- The bounds of a batch: what a stanza should carry, and what one database transaction should.
local most_records, most_bytes = 200, 128 * 1024

-- Batches sent in one turn of the event loop: more than any window, so that only answers given within a
-- send can reach it.
local most_at_once = 64

-- Options:
--   journal, reader  where records come from
--   now              returns seconds
--   send             called with subscriber and batch (as reader:read returns it, with `id` and `pending`).
--                    It may be answered, and call anything here, before it returns; when it throws, that is a
--                    refusal.
--   warn             called with what is wrong, always in the same words, and more about it
--   patience         seconds to wait for an acknowledgement while another subscriber waits: default 10
--   pause            seconds to wait after a refusal: default 1
--   resume           what `close` returned, to go on with its subscribers: default none
local function new(options)
	local resume = options.resume or {}
	return setmetatable({
		journal = options.journal,
		reader = options.reader,
		now = options.now,
		send = options.send,
		warn = options.warn or function() end,
		patience = options.patience or 10,
		pause = options.pause or 1,
		queue = resume.queue or {}, -- subscribers: { jid, window, … }
		flight = {}, -- batches sent and not acknowledged, oldest first
		last_id = resume.last_id or 0, -- ids do not come again, so that late answers count no more
		resume_at = 0,
		progress_at = 0, -- when the active subscriber last acknowledged, or was given something after a silence
		refused = false, -- whether it has refused since
	}, delivery)
end

-- The subscriber that is fed, or nil.
function delivery:active()
	return self.queue[1]
end

-- Sends nothing more. Returns what `resume` takes.
function delivery:close()
	local state = { queue = self.queue, last_id = self.last_id }
	self.queue, self.flight = {}, {}
	return state
end

-- Takes back what is on the way, to send it again.
function delivery:recall()
	self.flight = {}
	self.resume_at, self.refused = 0, false
	self.reader:rewind()
end

-- Adds a subscriber: a table with `jid` and `window` (and whatever `send` needs). One that subscribes
-- again keeps its place, and starts anew.
function delivery:subscribe(subscriber)
	for index, other in ipairs(self.queue) do
		if other.jid == subscriber.jid then
			self.queue[index] = subscriber
			if index == 1 then self:recall() end
			return
		end
	end
	table.insert(self.queue, subscriber)
end

function delivery:unsubscribe(jid)
	for index, subscriber in ipairs(self.queue) do
		if subscriber.jid == jid then
			table.remove(self.queue, index)
			if index == 1 then self:recall() end
			return
		end
	end
end

-- Sends what the window allows. A send may be answered before it returns, and the callee may call
-- anything here: nothing read before a send is taken for true after it, a pump within a pump leaves the work
-- to the outer one, and one turn has an end whatever they do. What is left goes with the next tick.
function delivery:pump()
	if self.pumping then return end
	self.pumping = true
	local ok, err = pcall(function()
		for _ = 1, most_at_once do
			if not self:send_next() then break end
		end
	end)
	self.pumping = false
	if not ok then error(err, 0) end
end

-- Sends one more batch; false when there is none to send, or none is due.
function delivery:send_next()
	local subscriber = self.queue[1]
	if not subscriber or self.now() < self.resume_at or #self.flight >= subscriber.window then return false end
	local batch = self.reader:read(most_records, most_bytes)
	if not batch then return false end
	if #self.flight == 0 and not self.refused then self.progress_at = self.now() end
	self.last_id = self.last_id + 1
	batch.id = "batch-" .. self.last_id
	batch.pending = self.reader:pending()
	table.insert(self.flight, batch)
	local ok, err = pcall(self.send, subscriber, batch)
	if not ok then
		self.warn("a batch cannot be sent", err)
		-- It may have been answered, or its subscriber may have gone, before what was thrown.
		self:refuse(subscriber.jid, batch.id)
	end
	return true
end

-- Where in the flight a batch is that was sent to `jid`.
function delivery:find(jid, id)
	local subscriber = self.queue[1]
	if not subscriber or subscriber.jid ~= jid then return nil end
	for index, batch in ipairs(self.flight) do
		if batch.id == id then return index end
	end
end

-- The subscriber has stored a batch and everything before it. True when the batch was on its way.
function delivery:acknowledge(jid, id)
	local index = self:find(jid, id)
	if not index then return nil end
	self.journal:acknowledge(self.flight[index].upto)
	self.flight = table.move(self.flight, index + 1, #self.flight, 1, {})
	self.progress_at, self.refused = self.now(), false
	self:pump()
	return true
end

-- The subscriber cannot take a batch now. True when the batch was on its way.
function delivery:refuse(jid, id)
	if not self:find(jid, id) then return nil end
	self:recall()
	self.resume_at, self.refused = self.now() + self.pause, true
	return true
end

-- To be called a few times a second: ends pauses and takes turns.
function delivery:tick()
	local stuck = (#self.flight > 0 or self.refused) and self.now() - self.progress_at >= self.patience
	if stuck and #self.queue > 1 then
		table.insert(self.queue, table.remove(self.queue, 1))
		self:recall()
	end
	self:pump()
end

return { new = new }
