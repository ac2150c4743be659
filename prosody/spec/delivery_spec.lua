local journals, readers, segment = library("journal"), library("reader"), library("segment")
local deliveries = library("delivery")
local directories = support("directory")

-- A delivery with a clock of its own and a list of what was sent, as `JID FIRST-LAST/PENDING`.
local function scene()
	local s = { time = 0, sent = {}, ids = {} }
	local journal = journals.open {
		directory = directories.new(), format = segment, now = 1000, suffix = "0000000a", max_bytes = 1024 * 1024,
	}
	s.journal = journal
	s.delivery = deliveries.new {
		journal = journal,
		reader = readers.new(journal),
		now = function() return s.time end,
		send = function(subscriber, batch)
			table.insert(s.sent, ("%s %d-%d/%d"):format(subscriber.jid, batch.first, batch.last, batch.pending))
			table.insert(s.ids, batch.id)
		end,
	}
	function s.append(count)
		for _ = 1, count do journal:append("{}") end
		s.delivery:pump()
	end
	function s.subscribe(jid, window)
		s.delivery:subscribe { jid = jid, window = window or 2 }
		s.delivery:pump()
	end
	function s.tick(time)
		s.time = time
		s.delivery:tick()
	end
	function s.expect(...)
		same(s.sent, { ... }, "sent")
		s.sent = {}
	end
	return s
end

test("records go as soon as they come, up to the window, then as acknowledged", function()
	local s = scene()
	s.append(1)
	s.expect()
	s.subscribe("x")
	s.append(1)
	s.append(1)
	s.append(1)
	s.expect("x 1-1/0", "x 2-2/0")
	same(s.delivery:acknowledge("x", s.ids[1]), true)
	s.expect("x 3-4/0")
	same(s.journal.acknowledged, 1)
	-- An answer to a later batch stands for the earlier ones.
	s.delivery:acknowledge("x", s.ids[3])
	same(s.journal.acknowledged, 4)
	same(#s.delivery.flight, 0)
end)

test("a batch has at most 200 records", function()
	local s = scene()
	s.append(450)
	s.subscribe("x", 16)
	s.expect("x 1-200/250", "x 201-400/50", "x 401-450/0")
end)

test("after a refusal everything missing comes again, a second later", function()
	local s = scene()
	s.subscribe("x")
	s.append(1)
	s.append(1)
	s.delivery:refuse("x", s.ids[1])
	s.append(1)
	s.delivery:acknowledge("x", s.ids[2]) -- sent before, taken back since
	s.tick(0.5)
	s.expect("x 1-1/0", "x 2-2/0")
	same(s.journal.acknowledged, 0)
	s.tick(1)
	s.expect("x 1-3/0")
end)

test("the next one takes over when the first goes", function()
	local s = scene()
	s.subscribe("x")
	s.subscribe("y")
	s.append(1)
	s.delivery:unsubscribe("x")
	s.delivery:unsubscribe("nobody")
	s.delivery:pump()
	s.expect("x 1-1/0", "y 1-1/0")
	same(s.delivery:acknowledge("x", s.ids[1]), nil)
	same(s.delivery:acknowledge("x", s.ids[2]), nil)
	same(s.delivery:acknowledge("y", s.ids[2]), true)
end)

test("one that stops answering loses its turn, if somebody waits", function()
	local s = scene()
	s.subscribe("x")
	s.append(1)
	s.tick(60)
	s.expect("x 1-1/0")
	s.subscribe("y")
	s.tick(61)
	s.expect("y 1-1/0")
	s.tick(70)
	s.expect()
	s.tick(71)
	s.expect("x 1-1/0")
end)

test("one that refuses for as long loses its turn, too", function()
	local s = scene()
	s.subscribe("x")
	s.subscribe("y")
	s.append(1)
	for time = 0, 9 do
		s.tick(time)
		s.delivery:refuse("x", s.ids[#s.ids])
	end
	s.sent = {}
	s.tick(10)
	s.expect("y 1-1/0")
end)

test("silence is no fault while there is nothing to answer", function()
	local s = scene()
	s.subscribe("x")
	s.subscribe("y")
	s.tick(100)
	s.append(1)
	s.tick(109)
	s.expect("x 1-1/0")
	s.delivery:acknowledge("x", s.ids[1])
	s.append(1)
	s.tick(118)
	s.expect("x 2-2/0")
end)

test("one that subscribes again starts anew in its place", function()
	local s = scene()
	s.subscribe("x")
	s.subscribe("y")
	s.append(1)
	s.subscribe("x", 4)
	s.expect("x 1-1/0", "x 1-1/0")
	s.subscribe("y")
	same(s.delivery:active(), { jid = "x", window = 4 })
	same(#s.delivery.queue, 2)
end)

test("one that is closed goes on in another, with its subscribers; late answers count no more", function()
	local s = scene()
	s.subscribe("x")
	s.subscribe("y")
	s.append(2)
	s.append(1)
	local state = s.delivery:close()
	s.append(1)
	s.expect("x 1-2/0", "x 3-3/0")
	local again = deliveries.new {
		journal = s.journal, reader = readers.new(s.journal), now = s.delivery.now, send = s.delivery.send,
		resume = state,
	}
	again:pump()
	s.expect("x 1-4/0")
	same(again:acknowledge("x", s.ids[1]), nil)
	same(again:acknowledge("x", s.ids[3]), true)
	again:unsubscribe("x")
	same(again:active().jid, "y")
end)

-- Whoever is called may call back -------------------------------------------------------------------------

-- What a send may do before it returns.
local reactions = {
	refuse = function(s, jid, id) s.delivery:refuse(jid, id) end,
	acknowledge = function(s, jid, id) s.store(jid, id) end,
	unsubscribe = function(s, jid) s.delivery:unsubscribe(jid) end,
	subscribe = function(s, jid) s.delivery:subscribe { jid = jid, window = 2 } end,
	another = function(s) s.delivery:subscribe { jid = "y", window = 3 } end,
	append = function(s) if s.journal.ordinal < 500 then s.append(1) end end,
	pump = function(s) s.delivery:pump() end,
	tick = function(s) s.tick(s.time + 11) end,
	throw = function() error("the session is gone") end,
}

-- A scene in which each send does, in order, what `choose` lists. The subscribers store what they acknowledge:
-- `stored` is how many records, `gap` where a batch left some out.
local function lively_scene(choose)
	local s = scene()
	local depth, sends = 0, 0
	s.stored, s.nested = 0, nil
	function s.store(jid, id)
		local index = s.delivery:find(jid, id)
		if not index then return end
		-- It stands for the ones before it.
		for _, batch in ipairs { table.unpack(s.delivery.flight, 1, index) } do
			if batch.first > s.stored + 1 then s.gap = ("%d after %d"):format(batch.first, s.stored) end
			s.stored = math.max(s.stored, batch.last)
		end
		s.delivery:acknowledge(jid, id)
	end
	s.delivery.send = function(subscriber, batch)
		sends = sends + 1
		if sends > 10000 then os.exit(false) end -- an error would be caught
		s.ids[#s.ids + 1] = batch.id
		depth = depth + 1
		if depth > 1 then s.nested = true end
		local ok, err = pcall(function()
			for _, name in ipairs(choose()) do reactions[name](s, subscriber.jid, batch.id) end
		end)
		depth = depth - 1
		if not ok then error(err, 0) end
	end
	-- Everybody behaves from now on: all is stored, by whoever is left.
	function s.calm_down()
		choose = function() return { "acknowledge" } end
		s.delivery:subscribe { jid = "z", window = 2 }
		for _ = 1, 100 do
			s.tick(s.time + 11)
			local subscriber = s.delivery:active()
			for _, batch in ipairs { table.unpack(s.delivery.flight) } do s.store(subscriber.jid, batch.id) end
		end
		same({ s.gap, s.nested }, {}, "gap, and sends within sends")
		same(s.stored, s.journal.ordinal, "stored in the end")
		same(s.journal.acknowledged, s.journal.ordinal, "acknowledged in the end")
	end
	return s
end

local names = {}
for name in pairs(reactions) do table.insert(names, name) end
table.sort(names)

test("a send may call anything before it returns, each alone and in pairs", function()
	for _, one in ipairs(names) do
		for _, other in ipairs(names) do
			local s = lively_scene(function() return { one, other } end)
			s.delivery:subscribe { jid = "x", window = 4 }
			s.append(5)
			for _ = 1, 5 do s.tick(s.time + 1) end
			s.calm_down()
		end
	end
end)

test("a batch that cannot be sent is sent again, a second later", function()
	local s = scene()
	local send, warnings = s.delivery.send, {}
	s.delivery.send = function() error("no such host", 0) end
	s.delivery.warn = function(what, more) table.insert(warnings, what .. ": " .. more) end
	s.subscribe("x")
	s.append(1)
	same(warnings, { "a batch cannot be sent: no such host" })
	s.delivery.send = send
	s.tick(0.9)
	s.expect()
	s.tick(1)
	s.expect("x 1-1/0")
end)

test("whatever sends call, every record is stored, in order", function()
	for round = 1, 2000 do
		math.randomseed(round)
		local s = lively_scene(function()
			local list = {}
			for _ = 1, math.random(0, 3) do table.insert(list, names[math.random(#names)]) end
			return list
		end)
		for _ = 1, 30 do
			local dice = math.random(4)
			if dice == 1 then
				s.append(math.random(3))
			elseif dice == 2 then
				s.subscribe(math.random(2) == 1 and "x" or "y", math.random(4))
			elseif dice == 3 then
				s.tick(s.time + math.random())
			elseif #s.ids > 0 then
				s.store("x", s.ids[math.random(#s.ids)])
			end
		end
		s.calm_down()
	end
end)
