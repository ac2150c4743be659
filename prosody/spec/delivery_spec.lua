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
