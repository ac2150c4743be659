local succession = library("succession")

-- A room: who is there, in order of coming, what everybody is, and the line.
local function scene(affiliations)
	local s = { line = {}, here = {}, affiliations = affiliations or {} }
	function s.settle()
		local occupants = {}
		for arrival, user in ipairs(s.here) do
			table.insert(occupants, {
				user = user, affiliation = s.affiliations[user] or "none", role = "participant", arrival = arrival,
			})
		end
		for _, change in ipairs(succession.settle(s.line, occupants)) do
			s.affiliations[change.user] = change.affiliation
		end
	end
	function s.join(user)
		table.insert(s.here, user)
		s.settle()
	end
	function s.leave(user)
		for place, other in ipairs(s.here) do
			if other == user then
				table.remove(s.here, place)
				break
			end
		end
		s.settle()
	end
	function s.owners()
		local owners = {}
		for _, user in ipairs(s.here) do
			if s.affiliations[user] == "owner" then table.insert(owners, user) end
		end
		return table.concat(owners, ", ")
	end
	return s
end

test("a room whose owner goes is owned by who has been there longest", function()
	local s = scene { a = "owner" }
	for _, user in ipairs { "a", "b", "c" } do s.join(user) end
	same(s.owners(), "a")
	s.leave("a")
	same(s.owners(), "b")
	s.leave("b")
	same(s.owners(), "c")
end)

test("an owner that comes back owns the room, and heirs are what they were", function()
	local s = scene { a = "owner", b = "member" }
	for _, user in ipairs { "a", "b", "c" } do s.join(user) end
	s.leave("a")
	s.leave("b")
	s.join("a")
	same(s.owners(), "a")
	same(s.affiliations.b, "member")
	same(s.affiliations.c, "none")
end)

test("an heir that comes back goes before those who came after it", function()
	local s = scene { a = "owner" }
	for _, user in ipairs { "a", "b", "c", "d" } do s.join(user) end
	s.leave("a")
	s.leave("b")
	s.join("b")
	same(s.owners(), "b")
	same(s.affiliations.c, "none")
end)

test("whom an owner has made an owner is no heir", function()
	local s = scene { a = "owner" }
	for _, user in ipairs { "a", "b", "c" } do s.join(user) end
	s.leave("a")
	same(succession.is_heir(s.line, "b"), true)
	succession.decide(s.line, "b")
	s.join("a")
	same(succession.is_heir(s.line, "b"), false)
	same(s.owners(), "b, a")
end)

test("who has no voice inherits only where nobody has one", function()
	local silent = { user = "a", affiliation = "none", role = "visitor", arrival = 1 }
	local heard = { user = "b", affiliation = "none", role = "participant", arrival = 2 }
	same(succession.settle({}, { silent, heard })[1].user, "b")
	same(succession.settle({}, { silent })[1].user, "a")
end)

test("whoever comes and goes, somebody owns the room, its creator first, and the line is short", function()
	math.randomseed(7)
	for _ = 1, 200 do
		local s = scene { creator = "owner" }
		s.join("creator")
		local is_here = { creator = true }
		for step = 1, 150 do
			-- Most never come back.
			local user = math.random() < 0.6 and "guest " .. step
				or ({ "creator", "a", "b" })[math.random(3)]
			if is_here[user] then s.leave(user) else s.join(user) end
			is_here[user] = not is_here[user] or nil
			if math.random() < 0.6 and #s.here > 1 then
				local gone = s.here[math.random(#s.here)]
				s.leave(gone)
				is_here[gone] = nil
			end
			local owners = s.owners()
			assert(not owners:find(",") and (owners ~= "" or #s.here == 0), owners)
			if is_here.creator then same(owners, "creator") end
			assert(#s.line <= 16, #s.line)
		end
		local owned = 0
		for _, affiliation in pairs(s.affiliations) do
			if affiliation == "owner" then owned = owned + 1 end
		end
		assert(owned <= 17, owned)
	end
end)

test("the line is short, however many have owned the room; who is forgotten is what it was before", function()
	local s = scene { creator = "owner", ["guest 1"] = "member" }
	s.join("creator")
	for number = 1, 40 do
		s.join("guest " .. number)
		s.leave(number == 1 and "creator" or "guest " .. number - 1)
	end
	same(#s.line, 16)
	same(s.affiliations["guest 1"], "member")
	same(s.affiliations["guest 24"], "none")
	same(s.affiliations["guest 25"], "owner")
end)
